/// A column of a line, in 16 bytes.
///
/// A character of two columns is in the first, of width 2; the second has width 0. No other cell has width 0.
struct PackedCell: Equatable {
    /// A Unicode scalar, or a ``ClusterTable`` index with the highest bit set.
    var glyph: UInt32 = 0x20
    var style = PackedStyle()
    var width: UInt8 = 1

    /// An erased cell.
    static func blank(_ style: PackedStyle = PackedStyle()) -> PackedCell { PackedCell(style: style) }

    /// How many cells of a row there are without the blanks at its end.
    static func textCount(_ row: ArraySlice<PackedCell>) -> Int {
        row.withUnsafeBufferPointer { cells in
            var count = cells.count
            // First by what is nearly always enough to tell.
            while count > 0, cells[count - 1].glyph == 0x20, cells[count - 1] == blank() { count -= 1 }
            return count
        }
    }
}
