/// A colour as the program named it. What it looks like is for the terminal that shows it to say.
public enum CellColor: Sendable, Hashable {
    /// The terminal's own, for text or background.
    case terminalDefault
    /// A place in the palette: 0 to 7 and their bright forms 8 to 15, a cube from 16, greys from 232.
    case indexed(UInt8)
    case rgb(red: UInt8, green: UInt8, blue: UInt8)
}
