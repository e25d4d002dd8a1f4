/// The bytes that put a terminal into the state of a ``Screen``.
///
/// They are for a terminal of the same size that understands what xterm does, fresh or used, and do three things.
///
/// **Reset.** What is unfinished is abandoned (CAN, ST); the main screen is shown; a soft reset (DECSTR) and then each mode by
/// itself, since terminals differ in what DECSTR covers; then the screen is cleared. It is not RIS: that would throw away the
/// scrollback of the user's terminal, and in some its title and palette. Flags of the kitty keyboard protocol are popped as
/// deep as a screen keeps them, so those that the terminal had before are lost.
///
/// **Draw.** The history, if it is wanted, and the main screen are printed from the top, so that the history scrolls off into
/// the terminal's own. Without history each line is put where it belongs. Blanks are written only where their colour
/// is not the terminal's own. Where text has wrapped the terminal wraps it again, and so knows that the lines are one, for whoever
/// copies them or makes the window wider. The alternate screen is then entered with what DECSC had saved on the main one, since its program
/// will restore it, and drawn above it.
///
/// **Restore.** Margins, tab stops, the saved cursor, the cursor, pen, character sets, modes, title, directory. A pending wrap
/// is brought about by writing the last character of the line again.
///
/// What is not in it: a synchronized update, whose end may never come; the titles put aside; the bell.
struct Repaint {
    /// What of the text is drawn.
    enum Text {
        case all
        /// Not that of the alternate screen.
        case main
        case none
    }

    private let screen: Screen
    private let text: Text
    /// Whether text is left to wrap where it has.
    private let wraps: Bool
    private var bytes: [UInt8] = []
    /// What the terminal writes with now.
    private var pen = PackedStyle()
    /// Whether the line that was drawn last is filled, and the next one begins where its next character wraps.
    private var isWrapping = false

    private init(_ screen: Screen, _ text: Text = .all, wraps: Bool = true) {
        self.screen = screen
        self.text = text
        self.wraps = wraps
    }

    /// The bytes for a screen, with at most so many lines of its history.
    static func bytes(of screen: Screen, historyLines: Int, wraps: Bool) -> [UInt8] {
        var repaint = Repaint(screen, wraps: wraps)
        repaint.reset()
        repaint.draw(historyLines: min(max(historyLines, 0), screen.historyCount))
        repaint.restore()
        return repaint.bytes
    }

    /// The bytes for a screen without its history, and with so much of its text.
    static func bytes(of screen: Screen, text: Text) -> [UInt8] {
        var repaint = Repaint(screen, text)
        repaint.reset()
        repaint.draw(historyLines: 0)
        repaint.restore()
        return repaint.bytes
    }

    // MARK: Reset

    private mutating func reset() {
        add("\u{18}\u{1b}\\")
        add("\u{1b}[?1049l")
        add("\u{1b}[<\(KittyKeyboard.capacity)u")
        add("\u{1b}[!p")
        for mode in ScreenModes.switches where ![7, 25, 66].contains(mode.number) { add("\u{1b}[?\(mode.number)l") }
        for tracking in ScreenModes.MouseTracking.allCases.dropFirst() { add("\u{1b}[?\(tracking.rawValue)l") }
        for encoding in ScreenModes.MouseEncoding.allCases.dropFirst() { add("\u{1b}[?\(encoding.rawValue)l") }
        add("\u{1b}[?7h\u{1b}[?25h\u{1b}>\u{1b}[4l\u{1b}[20l\u{1b}[>4m\u{1b}[0 q")
        add("\u{1b}[r\u{1b}[?5W")
        add("\u{1b}(B\u{1b})B\u{1b}*B\u{1b}+B\u{0f}")
        add("\u{1b}[0m\u{1b}[H\u{1b}[2J")
    }

    // MARK: Draw

    private mutating func draw(historyLines: Int) {
        let canvas = screen.canvas
        let main = canvas.covered ?? canvas.grid
        // In a window of another size rows are cut off and not wrapped, and nothing is left beside them.
        if !wraps { add("\u{1b}[?7l") }
        if historyLines > 0 {
            let history = (canvas.history.count - historyLines)..<canvas.history.count
            for (index, line) in history.enumerated() {
                let line = canvas.history[line]
                let next =
                    index + 1 < history.count ? canvas.history[history.lowerBound + index + 1].cells[...] : main.line(0)
                scroll(line.cells[...], goesOnIn: line.isWrapped(at: main.columns) ? next : nil)
            }
            for row in 0..<(main.rows - 1) {
                scroll(main.line(row), goesOnIn: main.isWrapped(row) ? main.line(row + 1) : nil)
            }
            draw(main.line(main.rows - 1))
        } else if text != .none {
            draw(main)
        }
        addKeyboard(screen.keyboardMain)
        guard canvas.covered != nil else {
            if !wraps { add("\u{1b}[?7h") }
            return
        }
        if screen.savedMain.isOrigin { addMargins() }
        restore(screen.savedMain)
        add("\u{1b}[?1049h\u{1b}[<\(KittyKeyboard.capacity)u")
        leaveSaved()
        add("\u{1b}[?69l\u{1b}[r\u{1b}[2J")
        if text == .all { draw(canvas.grid) }
        if !wraps { add("\u{1b}[?7h") }
        addKeyboard(screen.keyboardAlternate)
    }

    /// Draws a line and goes to the next, which may scroll in, and then has no colour.
    /// - Parameter next: where the text of the line goes on; nil when it ends.
    private mutating func scroll(_ line: ArraySlice<PackedCell>, goesOnIn next: ArraySlice<PackedCell>?) {
        // By wrapping it would come in the colour of the character that brings it.
        let isPlain = next?.first.map { $0.style.background == .terminalDefault } ?? true
        draw(line, goesOnIn: isPlain ? next.flatMap { wrapping(line, into: $0) } : nil)
        if isWrapping { return }
        set(pen: PackedStyle())
        add("\r\n")
    }

    private mutating func draw(_ grid: Grid) {
        let blank = PackedCell.blank()
        for row in 0..<grid.rows {
            let line = grid.line(row)
            let next = row + 1 < grid.rows && grid.isWrapped(row) ? wrapping(line, into: grid.line(row + 1)) : nil
            var column = 0
            if !isWrapping {
                let first = line.firstIndex { $0 != blank }
                if first == nil, next == nil { continue }
                column = wraps ? first.map { $0 - line.startIndex } ?? 0 : 0
                goTo(row: row, column: column)
                if !wraps {
                    set(pen: PackedStyle())
                    add("\u{1b}[K")
                }
            }
            draw(line, from: column, goesOnIn: next)
        }
    }

    /// The next line, if the terminal may be left to wrap into it: only where it is sure to have the cursor at the line's end.
    private func wrapping(
        _ line: ArraySlice<PackedCell>, into next: ArraySlice<PackedCell>
    ) -> ArraySlice<PackedCell>? {
        wraps && !line.contains(where: hasDoubtfulWidth) && next.first.map(hasDoubtfulWidth) != true ? next : nil
    }

    /// Draws a line from a column on.
    /// - Parameter next: where its text goes on. The line is then filled, so that the next character wraps; see ``isWrapping``.
    private mutating func draw(
        _ line: ArraySlice<PackedCell>, from first: Int = 0, goesOnIn next: ArraySlice<PackedCell>? = nil
    ) {
        let blank = PackedCell.blank()
        var end = PackedCell.textCount(line)
        // Nothing wraps without a character.
        if isWrapping { end = max(end, 1) }
        isWrapping = false
        if let next {
            let isWide = next.first?.width == 2
            end = isWide && end < screen.columns ? screen.columns - 1 : screen.columns
            isWrapping = true
        }
        var isPlaceDoubtful = false
        for column in first..<max(first, end) {
            let cell = column < line.count ? line[line.startIndex + column] : blank
            if cell.width == 0 { continue }
            if isPlaceDoubtful { add("\u{1b}[\(column + 1)G") }
            draw(cell)
            isPlaceDoubtful = hasDoubtfulWidth(cell)
        }
    }

    /// Whether terminals differ in how wide they show it: newer emoji, and characters that marks can turn into emoji. The next
    /// one is then put where it belongs.
    private func hasDoubtfulWidth(_ cell: PackedCell) -> Bool {
        cell.glyph & ClusterTable.flag == 0
            ? cell.glyph >= 0x1f000 : screen.canvas.clusters.hasDoubtfulWidth(cell.glyph)
    }

    private mutating func draw(_ cell: PackedCell) {
        set(pen: cell.style)
        if cell.glyph < 0x80 { bytes.append(UInt8(cell.glyph)) } else { add(screen.canvas.clusters.text(cell.glyph)) }
    }

    private mutating func addKeyboard(_ keyboard: KittyKeyboard) {
        if let base = keyboard.stack.first, base != 0 { add("\u{1b}[=\(base);1u") }
        for flags in keyboard.stack.dropFirst() { add("\u{1b}[>\(flags)u") }
    }

    // MARK: Restore

    private mutating func restore() {
        if !screen.tabStops.isStandard {
            add("\u{1b}[3g")
            for column in screen.tabStops.columns.sorted() { add("\u{1b}[\(column + 1)G\u{1b}H") }
        }
        addMargins()
        if screen.saved != SavedCursor() {
            restore(screen.saved)
            add("\u{1b}7")
            leaveSaved()
        }
        restoreCursor()
        set(pen: screen.canvas.pen)
        select(screen.sets)
        restoreModes()
        if let title = screen.title { add("\u{1b}]2;\(title)\u{07}") }
        if let url = screen.workingDirectoryURL { add("\u{1b}]7;\(url)\u{07}") }
    }

    private mutating func addMargins() {
        if screen.region != 0..<screen.rows {
            add("\u{1b}[\(screen.region.lowerBound + 1);\(screen.region.upperBound)r")
        }
        if screen.modes.hasSideMargins {
            add("\u{1b}[?69h\u{1b}[\(screen.sideMargins.lowerBound + 1);\(screen.sideMargins.upperBound)s")
        }
    }

    private mutating func restoreCursor() {
        let cursor = screen.cursor
        if screen.modes.isOrigin { add("\u{1b}[?6h") }
        guard cursor.isWrapPending else {
            goTo(row: cursor.row, column: cursor.column, isOrigin: screen.modes.isOrigin)
            return
        }
        let grid = screen.canvas.grid
        let last = grid.columns - 1
        let column = grid[cursor.row, last].width == 0 ? last - 1 : last
        goTo(row: cursor.row, column: column, isOrigin: screen.modes.isOrigin)
        if text == .all { draw(grid[cursor.row, column]) }
    }

    private mutating func restoreModes() {
        let modes = screen.modes
        for mode in ScreenModes.switches where ![6, 7, 25, 66, 69, 2026].contains(mode.number) {
            if modes[keyPath: mode.path] { add("\u{1b}[?\(mode.number)h") }
        }
        if modes.mouseTracking != .none { add("\u{1b}[?\(modes.mouseTracking.rawValue)h") }
        if modes.mouseEncoding != .bytes { add("\u{1b}[?\(modes.mouseEncoding.rawValue)h") }
        if modes.isApplicationKeypad { add("\u{1b}=") }
        if modes.isInsert { add("\u{1b}[4h") }
        if modes.isNewline { add("\u{1b}[20h") }
        if modes.modifyOtherKeys != 0 { add("\u{1b}[>4;\(modes.modifyOtherKeys)m") }
        if modes.cursorStyle != 0 { add("\u{1b}[\(modes.cursorStyle) q") }
        if !modes.isAutowrap { add("\u{1b}[?7l") }
        if !modes.isCursorVisible { add("\u{1b}[?25l") }
    }

    /// Puts cursor, pen and sets where DECSC is to save them.
    private mutating func restore(_ saved: SavedCursor) {
        if saved.isOrigin { add("\u{1b}[?6h") }
        goTo(row: saved.row, column: saved.column, isOrigin: saved.isOrigin)
        set(pen: saved.style)
        select(saved.sets)
    }

    /// Back to what drawing needs.
    private mutating func leaveSaved() {
        add("\u{1b}[?6l")
        select(CharacterSets())
        set(pen: PackedStyle())
    }

    // MARK: Means

    private mutating func select(_ sets: CharacterSets) {
        for (set, isDrawing) in sets.isDrawing.enumerated() {
            add("\u{1b}")
            bytes.append(UInt8(ascii: "(") + UInt8(set))
            bytes.append(isDrawing ? CharacterSets.lineDrawing : UInt8(ascii: "B"))
        }
        switch sets.selected {
        case 1: add("\u{0e}")
        case 2: add("\u{1b}n")
        case 3: add("\u{1b}o")
        default: add("\u{0f}")
        }
    }

    private mutating func set(pen style: PackedStyle) {
        if style == pen { return }
        pen = style
        add("\u{1b}[\(style.rendition)m")
    }

    /// In origin mode places count from the margins.
    private mutating func goTo(row: Int, column: Int, isOrigin: Bool = false) {
        let origin = screen.origin(whenSet: isOrigin)
        add("\u{1b}[")
        bytes.append(decimal: max(row - origin.row, 0) + 1)
        add(";")
        bytes.append(decimal: max(column - origin.column, 0) + 1)
        add("H")
    }

    private mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
