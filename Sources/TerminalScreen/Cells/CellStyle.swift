/// How a cell looks: what SGR sets.
///
/// Not kept are the colour of an underline, the overline and the fonts.
public struct CellStyle: Sendable, Hashable {
    /// How a cell is underlined.
    public enum Underline: UInt8, Sendable, CaseIterable {
        case none, single, double, curly, dotted, dashed
    }

    public var foreground = CellColor.terminalDefault
    public var background = CellColor.terminalDefault
    public var isBold = false
    public var isFaint = false
    public var isItalic = false
    public var underline = Underline.none
    public var isBlinking = false
    /// Foreground and background change places when the cell is shown.
    public var isReversed = false
    /// The cell's text is not to be shown, as for a password.
    public var isConcealed = false
    public var isStruck = false

    /// The style of a fresh terminal.
    public init() {}
}
