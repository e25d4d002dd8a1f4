/// A terminal's size in character cells, 1×1 to 1000×1000.
public struct WindowSize: Sendable, Equatable {
    /// What a session gets when nobody asks for another: wide enough for build logs.
    public static let standard = WindowSize(columns: 120, rows: 32)!

    /// 1 to 1000.
    public let columns: UInt16
    /// 1 to 1000.
    public let rows: UInt16

    /// Accepts 1 to 1000 each. The kernel takes 0, but programs divide by it; above 1000 a full redraw costs megabytes.
    public init?(columns: Int, rows: Int) {
        guard (1...1000).contains(columns), (1...1000).contains(rows) else { return nil }
        self.columns = UInt16(columns)
        self.rows = UInt16(rows)
    }
}
