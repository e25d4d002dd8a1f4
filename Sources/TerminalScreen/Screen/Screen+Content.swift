extension Screen {
    /// The lines as text, without the blanks at their ends.
    ///
    /// Wrapped lines are not joined.
    /// - Parameter historyLines: How many of the lines that have scrolled off to give, at most; the newest of them.
    /// - Returns: the history, oldest first, and then one line for each row of the screen that is shown.
    public func text(historyLines: Int = 0) -> [String] {
        let count = min(max(historyLines, 0), historyCount)
        let history = (historyCount - count..<historyCount).map { text(of: canvas.history[$0].cells[...]) }
        return history + (0..<rows).map { text(of: canvas.grid.line($0)) }
    }

    /// The characters of the screen that is shown, row by row, each row filled to its width.
    public func cells() -> [[Cell]] {
        (0..<rows).map { row in
            canvas.grid.line(row).compactMap { cell in
                if cell.width == 0 { return nil }
                return Cell(text: canvas.clusters.text(cell.glyph), width: Int(cell.width), style: cell.style.unpacked)
            }
        }
    }

    /// The bytes that make a terminal of the same size show this screen, whatever it showed before, with its modes, the main
    /// screen under an alternate one, and its history above.
    ///
    /// It resets the terminal without clearing its scrollback. Feeding them to a fresh ``Screen`` gives an equal one.
    /// - Parameters:
    ///   - historyLines: How many of the lines that have scrolled off to print above, at most; the newest of them.
    ///   - wraps: Whether what has wrapped is left to wrap again. Not for a terminal of another width.
    public func repaint(historyLines: Int = 0, wraps: Bool = true) -> [UInt8] {
        Repaint.bytes(of: self, historyLines: historyLines, wraps: wraps)
    }

    /// As ``repaint(historyLines:)``, without the text of the screen that is shown: for where there is no room for that.
    /// - Parameter limit: Bytes at most; the text of a main screen under an alternate one is there when it has room.
    public func repaintModes(atMost limit: Int) -> [UInt8] {
        let whole = isAlternateScreen ? Repaint.bytes(of: self, text: .main) : []
        return (1...limit).contains(whole.count) ? whole : Repaint.bytes(of: self, text: .none)
    }

    private func text(of line: ArraySlice<PackedCell>) -> String {
        guard let end = line.lastIndex(where: { $0.glyph != 0x20 && $0.width > 0 }) else { return "" }
        var text = ""
        for cell in line[...end] where cell.width > 0 {
            if let scalar = Unicode.Scalar(cell.glyph) {
                text.unicodeScalars.append(scalar)
            } else {
                text += canvas.clusters.text(cell.glyph)
            }
        }
        return text
    }
}
