/// One character on the screen, in one or two columns.
public struct Cell: Sendable, Hashable {
    /// The character with its marks; a space where nothing was written.
    public var text: String
    /// Columns: 1 or 2.
    public var width: Int
    public var style: CellStyle

    public init(text: String, width: Int, style: CellStyle) {
        self.text = text
        self.width = width
        self.style = style
    }
}
