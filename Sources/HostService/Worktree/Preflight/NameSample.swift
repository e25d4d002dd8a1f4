/// How many names there are, and the first few of them.
struct NameSample: Sendable, Equatable {
    /// Names that are kept: enough to recognise the work, and to fit a line.
    static let shown = 5

    /// How many there are.
    private(set) var count = 0
    /// The first of them, for people.
    private(set) var first: [String] = []

    /// Counts a name, and keeps it if it is among the first.
    mutating func add(_ name: ByteString) {
        add(name.description)
    }

    /// Counts a name with a remark, and keeps it if it is among the first.
    mutating func add(_ text: String) {
        count += 1
        if first.count < Self.shown { first.append(text) }
    }

    /// For instance `7 changed files (a, b, c, d, e, …)`.
    func describe(_ one: String, _ many: String) -> String {
        "\(count) \(count == 1 ? one : many) (\(first.joined(separator: ", "))\(count > first.count ? ", …" : ""))"
    }
}
