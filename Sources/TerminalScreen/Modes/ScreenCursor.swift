/// Where the cursor is and how it looks.
public struct ScreenCursor: Sendable, Hashable {
    /// The forms that DECSCUSR knows.
    public enum Shape: Sendable, CaseIterable {
        /// Nobody has asked for one.
        case terminalDefault
        case block, underline, bar
    }

    /// From 0.
    public var row: Int
    /// From 0.
    public var column: Int
    /// The last column is filled, and the next character goes to the next line.
    public var isWrapPending: Bool
    public var isVisible: Bool
    public var shape: Shape
    public var isBlinking: Bool
}
