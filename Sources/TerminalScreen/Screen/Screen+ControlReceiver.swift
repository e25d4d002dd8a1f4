extension Screen: ControlReceiver {
    func receive(text: UnsafeBufferPointer<UInt8>) {
        remember(lastOf: text)
        if sets.draws {
            sets.translated(text).withUnsafeBufferPointer { write($0) }
        } else {
            write(text)
        }
    }

    /// A mark joins the character before the cursor. One at the beginning of a line is dropped.
    func receive(mark: Unicode.Scalar) {
        let position = position
        let column = isWrapPending ? position.column : position.column - 1
        if column >= 0 { canvas.attach(mark, row: position.row, column: column) }
    }

    func receive(control: UInt8) {
        switch control {
        case 0x07: bellCount += 1
        case 0x08, 0x0a, 0x0b, 0x0c, 0x0d:
            cancelWrap()
            engine.write(control: control)
        // A tab in the last column leaves it filled, as in xterm.
        case 0x09: if !isWrapPending { engine.write(control: control) }
        case 0x0e: sets.select(1)
        case 0x0f: sets.select(0)
        default: break
        }
    }

    func receive(escape final: UInt8, intermediate: UInt8) {
        switch (Unicode.Scalar(intermediate), Unicode.Scalar(final)) {
        case ("\0", "7"): saveCursor()
        case ("\0", "8"): restoreCursor()
        case ("\0", "="): modes.isApplicationKeypad = true
        case ("\0", ">"): modes.isApplicationKeypad = false
        case ("\0", "D"): move("D")
        case ("\0", "E"): move("E")
        case ("\0", "M"): move("M")
        case ("\0", "H"):
            cancelWrap()
            tabStops.set(position.column)
            engine.write(escape: "H")
        case ("\0", "c"): resetHard()
        case ("\0", "n"): sets.select(2)
        case ("\0", "o"): sets.select(3)
        case ("(", _), (")", _), ("*", _), ("+", _): sets.designate(Int(intermediate) - 0x28, final: final)
        case ("#", "8"): align()
        default: break
        }
    }

    func receive(sequence: ControlSequence) {
        switch (Unicode.Scalar(sequence.marker), Unicode.Scalar(sequence.intermediate)) {
        case ("\0", "\0"): receive(plain: sequence)
        case ("?", "\0"): receive(questioned: sequence)
        case (">", "\0"): receive(greater: sequence)
        case ("<", "\0"):
            if sequence.final == UInt8(ascii: "u") { keyboard.pop(sequence.amount()) }
        case ("=", "\0"):
            if sequence.final == UInt8(ascii: "u") {
                keyboard.set(sequence.parameter(0, or: 0), mode: sequence.parameter(1, or: 1))
            }
        case ("\0", "!"):
            if sequence.final == UInt8(ascii: "p") { resetSoftly() }
        case ("\0", "$"), ("?", "$"): answer(sequence)
        case ("\0", " "):
            let style = sequence.parameter(0, or: 0)
            if sequence.final == UInt8(ascii: "q"), (0...6).contains(style) { modes.cursorStyle = style }
        default: break
        }
    }

    func receive(command: [UInt8]) {
        guard let separator = command.firstIndex(of: UInt8(ascii: ";")) else { return }
        let content = command[(separator + 1)...].prefix(Self.titleBytesKept)
        switch String(decoding: command[..<separator], as: UTF8.self) {
        case "0", "2": title = Self.cleanText(content)
        case "7":
            let text = Self.cleanText(content)
            workingDirectoryURL = FileURL(text) == nil ? nil : text
        default: break
        }
    }

    // MARK: Means

    /// Text without control characters, and without a character that was cut off at its end.
    private static func cleanText(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes
        if bytes.count == titleBytesKept, let first = bytes.lastIndex(where: { $0 & 0xc0 != 0x80 }) {
            let length = bytes[first] < 0x80 ? 1 : bytes[first] < 0xe0 ? 2 : bytes[first] < 0xf0 ? 3 : 4
            if bytes.endIndex - first < length { bytes = bytes[..<first] }
        }
        var text = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars
        where scalar.properties.generalCategory != .control {
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    private func remember(lastOf text: UnsafeBufferPointer<UInt8>) {
        var first = text.count - 1
        while first > 0, text[first] & 0xc0 == 0x80 { first -= 1 }
        lastCharacter.removeAll(keepingCapacity: true)
        lastCharacter.append(contentsOf: text[first...])
    }

    private func move(_ escape: StaticString) {
        cancelWrap()
        engine.write(escape: escape)
    }

    /// DECALN: the margins go, the cursor goes home, and the screen is filled with E in the terminal's own colours.
    private func align() {
        let pen = canvas.pen
        canvas.pen = PackedStyle()
        resetMargins()
        engine.write(escape: "#8")
        canvas.pen = pen
        place(row: 0, column: 0)
    }
}
