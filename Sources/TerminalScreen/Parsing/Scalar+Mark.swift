internal import CVterm

extension Unicode.Scalar {
    /// Whether the character takes no column and joins the one before it.
    ///
    /// What libvterm joins (its table is Unicode 5.0's) and what Unicode calls a mark today. Such characters never reach
    /// libvterm, which joins them only when they come in the same write, and otherwise gives them a cell.
    var isMark: Bool {
        switch value {
        // By far the commonest: Latin, Greek; arrows, mathematics, boxes, blocks, dingbats; Kana, Han, Yi; Hangul.
        case ..<0x300, 0x370..<0x483, 0x2100..<0x2cef, 0x30a0..<0xa66f, 0xac00..<0xd7b0: return false
        default:
            if corral_vterm_width(value) <= 0 { return true }
            switch properties.generalCategory {
            case .nonspacingMark, .enclosingMark: return true
            default: return false
            }
        }
    }
}
