/// Several like things done at once and told in the order in which they were asked for.
enum OrderedBatch {
    /// Works on the items, at most `width` at a time, and reports each as soon as all before it were reported.
    static func run<Item: Sendable, Result: Sendable>(
        _ items: [Item], width: Int, _ work: @escaping @Sendable (Item) async -> Result,
        report: (Item, Result) throws -> Void
    ) async rethrows {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var waiting = items.indices.makeIterator()
            var results: [Int: Result] = [:]
            var reported = 0
            func startNext() {
                guard let index = waiting.next() else { return }
                let item = items[index]
                group.addTask { (index, await work(item)) }
            }
            for _ in 0..<width { startNext() }
            while let (index, result) = try await group.next() {
                startNext()
                results[index] = result
                while let ready = results.removeValue(forKey: reported) {
                    try report(items[reported], ready)
                    reported += 1
                }
            }
        }
    }
}
