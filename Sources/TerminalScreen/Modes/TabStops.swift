/// Where horizontal tabs stop: a copy of what libvterm keeps and does not tell.
struct TabStops: Equatable {
    private static let distance = 8

    private(set) var columns: Set<Int>
    private var width: Int

    /// Every eighth column.
    init(width: Int) {
        self.width = width
        columns = Set(stride(from: 0, to: width, by: Self.distance))
    }

    /// Whether they are as in a fresh terminal.
    var isStandard: Bool { self == TabStops(width: width) }

    mutating func set(_ column: Int) { columns.insert(column) }

    mutating func clear(_ column: Int) { columns.remove(column) }

    mutating func clearAll() { columns = [] }

    /// New columns get the standard ones.
    mutating func resize(to width: Int) {
        columns = columns.filter { $0 < width }
        if width > self.width {
            for column in self.width..<width where column.isMultiple(of: Self.distance) { columns.insert(column) }
        }
        self.width = width
    }
}
