/// What control sequences do. See: xterm's ctlseqs, "Functions using CSI"
extension Screen {
    /// A sequence without a marker and an intermediate byte.
    func receive(plain sequence: ControlSequence) {
        let final = Unicode.Scalar(sequence.final)
        switch final {
        case "m": canvas.pen.select(sequence)
        case "H", "f":
            cancelWrap()
            engine.write("H", sequence.amount(0), sequence.amount(1))
        case "A", "F": moveUp(by: sequence.amount(), final)
        case "B", "E": moveDown(by: sequence.amount(), final)
        case "C", "D", "G", "I", "X", "Z", "`", "a", "d", "e", "j", "k", "L", "S": act(final, sequence.amount())
        case "T":
            // With more parameters it is about the mouse.
            if sequence.count <= 1 { act(final, sequence.amount()) }
        case "M":
            canvas.keepsScrolledLines = false
            act(final, sequence.amount())
            canvas.keepsScrolledLines = true
        case "J", "K": erase(final, sequence.parameter(0, or: 0))
        case "@": shift(left: -sequence.amount())
        case "P": shift(left: sequence.amount())
        case "b": repeatLast(sequence.amount())
        case "g": clearTabs(sequence.parameter(0, or: 0))
        case "h", "l": for index in 0..<sequence.count { set(mode: sequence.parameter(index, or: 0), to: final == "h") }
        case "r": setRegion(top: sequence.parameter(0, or: 1), bottom: sequence.parameter(1, or: 0))
        case "s":
            if modes.hasSideMargins {
                setSideMargins(left: sequence.parameter(0, or: 1), right: sequence.parameter(1, or: 0))
            } else {
                saveCursor()
            }
        case "u": restoreCursor()
        case "t":
            putTitleAside(sequence)
            answer(sequence)
        default: answer(sequence)
        }
    }

    /// A sequence with `?`.
    func receive(questioned sequence: ControlSequence) {
        let final = Unicode.Scalar(sequence.final)
        switch final {
        case "h", "l":
            for index in 0..<sequence.count { set(privateMode: sequence.parameter(index, or: 0), to: final == "h") }
        // No cell is protected here, so that selective erasure is erasure.
        case "J" where sequence.parameter(0, or: 0) < 3, "K": erase(final, sequence.parameter(0, or: 0))
        case "W" where sequence.parameter(0, or: 0) == 5:
            resetTabs()
        default: answer(sequence)
        }
    }

    /// A sequence with `>`.
    func receive(greater sequence: ControlSequence) {
        switch Unicode.Scalar(sequence.final) {
        case "u": keyboard.push(sequence.parameter(0, or: 0))
        // XTMODKEYS; of its resources only modifyOtherKeys is in use.
        case "m" where sequence.count == 0: modes.modifyOtherKeys = 0
        case "m" where sequence.parameter(0, or: 0) == 4:
            modes.modifyOtherKeys = min(sequence.parameter(1, or: 0), 3)
        case "n" where sequence.parameter(0, or: 4) == 4: modes.modifyOtherKeys = 0
        default: answer(sequence)
        }
    }

    // MARK: Modes

    private func set(mode: Int, to isOn: Bool) {
        switch mode {
        case 4: modes.isInsert = isOn
        case 20: modes.isNewline = isOn
        default: return
        }
        engine.write(isOn ? "h" : "l", mode)
    }

    private func set(privateMode mode: Int, to isOn: Bool) {
        switch mode {
        case 6: setOrigin(isOn)
        case 7:
            if !isOn { cancelWrap() }
            engine.write(isOn ? "h" : "l", 7, isPrivate: true)
            modes.isAutowrap = isOn
        case 69: setSideMarginMode(isOn)
        case 47, 1047: if isOn { showAlternateScreen() } else { showMainScreen() }
        case 1048: if isOn { saveCursor() } else { restoreCursor() }
        case 1049:
            if isOn {
                saveCursor()
                showAlternateScreen()
                erase("J", 2)
            } else {
                showMainScreen()
                restoreCursor()
            }
        default: modes.set(privateMode: mode, to: isOn)
        }
    }

    private func setSideMarginMode(_ isOn: Bool) {
        let position = position
        modes.hasSideMargins = isOn
        sideMargins = 0..<columns
        cancelWrap()
        engine.write("s")
        engine.write(isOn ? "h" : "l", 69, isPrivate: true)
        place(row: position.row, column: position.column)
    }

    // MARK: Movement

    private func act(_ final: Unicode.Scalar, _ parameter: Int) {
        cancelWrap()
        engine.write(final, parameter)
    }

    /// Up, but not out of the rows that scroll; libvterm does not stop there.
    private func moveUp(by amount: Int, _ final: Unicode.Scalar) {
        cancelWrap()
        let row = position.row
        let distance = min(amount, row >= region.lowerBound ? row - region.lowerBound : row)
        if distance > 0 { engine.write("A", distance) }
        if final == "F" { engine.write(control: 0x0d) }
    }

    private func moveDown(by amount: Int, _ final: Unicode.Scalar) {
        cancelWrap()
        let row = position.row
        let distance = min(amount, (row < region.upperBound ? region.upperBound : rows) - 1 - row)
        if distance > 0 { engine.write("B", distance) }
        if final == "E" { engine.write(control: 0x0d) }
    }

    private func clearTabs(_ which: Int) {
        cancelWrap()
        switch which {
        case 0: tabStops.clear(position.column)
        case 3: tabStops.clearAll()
        default: return
        }
        engine.write("g", which)
    }

    private func resetTabs() {
        clearTabs(3)
        let position = position
        tabStops = TabStops(width: columns)
        for column in tabStops.columns {
            engine.write("G", column + 1)
            engine.write(escape: "H")
        }
        place(row: position.row, column: position.column)
    }

    // MARK: Change of cells

    private func erase(_ final: Unicode.Scalar, _ which: Int) {
        if final == "J", which == 3 {
            canvas.clearHistory()
        } else if which < 3 {
            act(final, which)
        }
    }

    /// Moves the rest of the line; libvterm would not outside of the rows that scroll.
    private func shift(left amount: Int) {
        cancelWrap()
        let position = position
        let limits = modes.hasSideMargins ? sideMargins : 0..<columns
        guard limits.contains(position.column) else { return }
        canvas.grid.shift(
            rows: position.row..<(position.row + 1), columns: position.column..<limits.upperBound, left: amount,
            style: canvas.pen.erased)
    }

    /// Writes the last character again, at most as often as the screen has cells.
    private func repeatLast(_ amount: Int) {
        if lastCharacter.isEmpty { return }
        let character = lastCharacter
        let text = (0..<min(amount, rows * columns)).flatMap { _ in character }
        text.withUnsafeBufferPointer { receive(text: $0) }
    }

    // MARK: Title

    private func putTitleAside(_ sequence: ControlSequence) {
        guard [0, 2].contains(sequence.parameter(1, or: 0)) else { return }
        switch sequence.parameter(0, or: 0) {
        case 22:
            titlesAside.append(title)
            if titlesAside.count > Self.titlesPutAside { titlesAside.removeFirst() }
        case 23: if let last = titlesAside.popLast() { title = last }
        default: break
        }
    }
}
