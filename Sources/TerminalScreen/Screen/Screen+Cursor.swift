extension Screen {
    /// The next character will not wrap. libvterm forgets only when the column changes, so it is told.
    func cancelWrap() {
        if !isWrapPending { return }
        isWrapPending = false
        engine.write("G", columns)
    }

    /// Moves the cursor, counted from 0 on the whole screen; in origin mode it stays inside the margins.
    func place(row: Int, column: Int) {
        isWrapPending = false
        let origin = origin(whenSet: modes.isOrigin)
        engine.write("H", max(row - origin.row, 0) + 1, max(column - origin.column, 0) + 1)
    }

    /// From where programs count rows and columns, which is the margins in origin mode.
    func origin(whenSet isOrigin: Bool) -> (row: Int, column: Int) {
        isOrigin ? (region.lowerBound, modes.hasSideMargins ? sideMargins.lowerBound : 0) : (0, 0)
    }

    /// Sets the rows that scroll and moves the cursor home. Fewer than two rows are no region, and nothing happens.
    func setRegion(top: Int, bottom: Int) {
        let bottom = bottom == 0 ? rows : min(bottom, rows)
        let top = max(top, 1)
        if top >= bottom { return }
        region = (top - 1)..<bottom
        engine.write("r", top, bottom)
        cancelWrap()
    }

    /// Sets the columns that scroll and moves the cursor home.
    func setSideMargins(left: Int, right: Int) {
        let right = right == 0 ? columns : min(right, columns)
        let left = max(left, 1)
        if left >= right { return }
        sideMargins = (left - 1)..<right
        engine.write("s", left, right)
        cancelWrap()
    }

    /// Gives up all margins. The cursor goes home.
    func resetMargins() {
        region = 0..<rows
        sideMargins = 0..<columns
        modes.hasSideMargins = false
        engine.write("r")
        engine.write("s")
        engine.write("l", 69, isPrivate: true)
    }

    func setOrigin(_ isOn: Bool) {
        modes.isOrigin = isOn
        isWrapPending = false
        engine.write(isOn ? "h" : "l", 6, isPrivate: true)
        place(
            row: isOn ? region.lowerBound : 0,
            column: isOn && modes.hasSideMargins ? sideMargins.lowerBound : 0)
    }

    func saveCursor() {
        let position = position
        saved = SavedCursor(
            row: position.row, column: position.column, style: canvas.pen, sets: sets, isOrigin: modes.isOrigin)
    }

    func restoreCursor() {
        let cursor = saved
        canvas.pen = cursor.style
        sets = cursor.sets
        if cursor.isOrigin != modes.isOrigin { setOrigin(cursor.isOrigin) }
        place(row: cursor.row, column: cursor.column)
    }

    // MARK: Screens

    func showAlternateScreen() {
        if isAlternateScreen { return }
        cancelWrap()
        canvas.showAlternate()
        savedAlternate = SavedCursor()
        keyboardAlternate = KittyKeyboard()
    }

    func showMainScreen() {
        cancelWrap()
        canvas.showMain()
    }

    // MARK: Resets

    /// DECSTR.
    func resetSoftly() {
        let position = position
        resetMargins()
        modes.resetSoftly()
        engine.write("l", 6, isPrivate: true)
        engine.write("h", 7, isPrivate: true)
        engine.write("l", 4)
        canvas.pen = PackedStyle()
        sets = CharacterSets()
        saved = SavedCursor()
        place(row: position.row, column: position.column)
    }

    /// RIS. Title, working directory and bell stay.
    func resetHard() {
        canvas.showMain()
        canvas.pen = PackedStyle()
        engine.reset()
        canvas.clearHistory()
        modes = ScreenModes()
        sets = CharacterSets()
        tabStops = TabStops(width: columns)
        region = 0..<rows
        sideMargins = 0..<columns
        isWrapPending = false
        savedMain = SavedCursor()
        savedAlternate = SavedCursor()
        keyboardMain = KittyKeyboard()
        keyboardAlternate = KittyKeyboard()
        titlesAside = []
        lastCharacter = []
    }

    // MARK: Size

    /// Changes the size, as a terminal does whose window changes. The margins are given up, as in xterm.
    ///
    /// In another width the main screen wraps its text anew, and the alternate one is cut off. Rows go at the bottom as far as they lie below
    /// the cursor, and then at the top into the history, from where they come back when there are more rows again.
    /// - Parameters:
    ///   - columns: 1 to ``greatestSide``; anything else becomes the nearest of them.
    ///   - rows: The same.
    public func resize(columns: Int, rows: Int) {
        let (columns, rows) = (Self.side(columns), Self.side(rows))
        if columns == self.columns, rows == self.rows { return }
        // The next character would have gone to the next line.
        var cursor = Reflow.Place(line: position.row, column: position.column + (isWrapPending ? 1 : 0))
        var main = Reflow.Place(line: savedMain.row, column: savedMain.column)
        var alternate = Reflow.Place(line: savedAlternate.row, column: savedAlternate.column)
        canvas.resize(
            rows: rows, columns: columns, cursor: &cursor, savedMain: &main, savedAlternate: &alternate)
        (self.rows, self.columns) = (rows, columns)
        region = 0..<rows
        sideMargins = 0..<columns
        tabStops.resize(to: columns)
        restartEngine()
        func fitted(_ place: Reflow.Place) -> (row: Int, column: Int) {
            (min(max(place.line, 0), rows - 1), min(place.column, columns - 1))
        }
        (savedMain.row, savedMain.column) = fitted(main)
        (savedAlternate.row, savedAlternate.column) = fitted(alternate)
        let position = fitted(cursor)
        place(row: position.row, column: position.column)
    }

    /// Tells a libvterm of the new size what it has to know.
    private func restartEngine() {
        engine.restart(rows: rows, columns: columns)
        if !modes.isAutowrap { engine.write("l", 7, isPrivate: true) }
        if modes.isInsert { engine.write("h", 4) }
        if modes.isNewline { engine.write("h", 20) }
        if modes.hasSideMargins { engine.write("h", 69, isPrivate: true) }
        if modes.isOrigin { engine.write("h", 6, isPrivate: true) }
        if tabStops.isStandard { return }
        engine.write("g", 3)
        for column in tabStops.columns {
            engine.write("G", column + 1)
            engine.write(escape: "H")
        }
    }
}
