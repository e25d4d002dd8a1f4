import Glibc

/// What a session's programs have switched on in the user's terminal, and how to switch it off again.
///
/// Detaching leaves the programs running, so nobody else will tell the terminal to leave the alternate screen, show its
/// cursor, stop reporting the mouse, or send its keys in the plain form. The picture that an attachment begins with switches on what the
/// programs had, and is read like their output. Only what was switched on is switched off: a needless "leave the alternate
/// screen" moves the cursor. What harms nobody is always given back: an unfinished sequence or string, a link, the character set, the
/// colours of text.
///
/// See: xterm's ctlseqs; https://sw.kovidgoyal.net/kitty/keyboard-protocol/, "Progressive enhancement"
struct TerminalModes {
    private enum State {
        case text, escape
        /// In a control sequence, whose bytes are collected.
        case control
    }

    /// What is not a private mode, by the sequence that switches it off, in the order in which that is done.
    private enum Other: String, CaseIterable {
        case modifyOtherKeys = "\u{1b}[>4m"
        // The cursor goes to the top with the margins, and is brought back.
        case margins = "\u{1b}7\u{1b}[r\u{1b}8"
        case applicationKeypad = "\u{1b}>"
        case insertion = "\u{1b}[4l"
        case newline = "\u{1b}[20l"
        case cursorStyle = "\u{1b}[0 q"
    }

    /// All that programs have changed.
    private struct Changes: Equatable {
        /// Private modes, in the order in which they were switched.
        var modes: [Int] = []
        var others: Set<Other> = []
        /// How many flags of the kitty keyboard protocol were left on each screen, which has its own.
        var mainKeyboard = 0
        var alternateKeyboard = 0
        /// Whether there was any output.
        var hasOutput = false

        var isAlternate: Bool { modes.contains { TerminalModes.alternateScreens.contains($0) } }
    }

    /// What to write to give the terminal back; empty before any output.
    private(set) var reset: [UInt8] = []
    private var state = State.text
    private var sequence: [UInt8] = []
    private var changes = Changes()

    /// Modes that are on in a fresh terminal: 7 wraps lines, 25 shows the cursor.
    private static let onAtFirst: Set<Int> = [7, 25]
    private static let alternateScreens: Set<Int> = [47, 1047, 1049]
    /// Modes that a program may leave switched; others do no harm to a shell.
    private static let watched: Set<Int> = [
        1, 5, 6, 7, 9, 12, 25, 45, 47, 66, 67, 69, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1049,
        2004, 2026, 2031, 2048,
    ]
    /// Longest sequence that is looked at, in bytes; a longer one is none of these.
    private static let longest = 64
    /// A terminal keeps as many of a screen's keyboard flags as it likes; the picture of a screen pops so many, too.
    private static let keyboardDepth = 8

    /// Abandons whatever is unfinished: CAN a sequence, ST a string in terminals that do not heed CAN there.
    private static let abandonment = "\u{18}\u{1b}\\"
    /// No link, ASCII, no colours. See: OSC 8, SCS and SI, SGR 0
    private static let plainText = "\u{1b}]8;;\u{1b}\\\u{0f}\u{1b}(B\u{1b}[0m"

    /// Reads output, which may be cut anywhere.
    /// - Returns: whether ``reset`` has changed.
    mutating func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let before = changes
        if !bytes.isEmpty { changes.hasOutput = true }
        var index = 0
        while index < bytes.count {
            if case .text = state {
                // Most output has no escape in it, and need not be looked at byte by byte.
                guard let start = bytes.baseAddress,
                    let found = memchr(start + index, 0x1b, bytes.count - index)
                else { break }
                index = UnsafeRawPointer(found) - start
            }
            read(bytes[index])
            index += 1
        }
        if changes == before { return false }
        reset = Self.reset(of: changes)
        return true
    }

    private static func reset(of changes: Changes) -> [UInt8] {
        let keyboard = "\u{1b}[<\(keyboardDepth)u"
        var text = ""
        if changes.isAlternate, changes.alternateKeyboard > 0 { text += keyboard }
        for mode in changes.modes.reversed() { text += "\u{1b}[?\(mode)\(onAtFirst.contains(mode) ? "h" : "l")" }
        if changes.mainKeyboard > 0 { text += keyboard }
        for other in Other.allCases where changes.others.contains(other) { text += other.rawValue }
        return changes.hasOutput ? Array((abandonment + text + plainText).utf8) : []
    }

    private mutating func read(_ byte: UInt8) {
        switch (state, byte) {
        case (_, 0x1b): state = .escape
        case (.text, _): break
        case (.escape, UInt8(ascii: "[")):
            state = .control
            sequence.removeAll(keepingCapacity: true)
        case (.escape, _):
            state = .text
            switch byte {
            // RIS: the program has made the terminal fresh.
            case UInt8(ascii: "c"): changes = Changes(hasOutput: true)
            case UInt8(ascii: "="): changes.others.insert(.applicationKeypad)
            case UInt8(ascii: ">"): changes.others.remove(.applicationKeypad)
            default: break
            }
        // Parameters and what stands between them and the last byte.
        case (.control, 0x20...0x3f) where sequence.count < Self.longest: sequence.append(byte)
        case (.control, _):
            state = .text
            finish(byte)
        }
    }

    /// Takes a whole control sequence in, by its last byte.
    private mutating func finish(_ last: UInt8) {
        let mark = sequence.first ?? 0
        switch (last, mark) {
        case (UInt8(ascii: "h"), UInt8(ascii: "?")): set(modes: numbers(after: 1), isOn: true)
        case (UInt8(ascii: "l"), UInt8(ascii: "?")): set(modes: numbers(after: 1), isOn: false)
        case (UInt8(ascii: "h"), _): set(ansiModes: numbers(after: 0), isOn: true)
        case (UInt8(ascii: "l"), _): set(ansiModes: numbers(after: 0), isOn: false)
        case (UInt8(ascii: "u"), UInt8(ascii: ">")): setKeyboard { min($0 + 1, Self.keyboardDepth) }
        case (UInt8(ascii: "u"), UInt8(ascii: "<")):
            let count = max(1, numbers(after: 1)[0])
            setKeyboard { max(0, $0 - count) }
        case (UInt8(ascii: "u"), UInt8(ascii: "=")):
            let numbers = numbers(after: 1)
            // No flags instead of those in force; what lies below is still to be popped.
            let isCleared = numbers[0] == 0 && (numbers.count == 1 || numbers[1] < 2)
            setKeyboard { $0 > 1 ? $0 : isCleared ? 0 : 1 }
        case (UInt8(ascii: "m"), UInt8(ascii: ">")):
            let numbers = numbers(after: 1)
            if numbers[0] == 4 || sequence.count == 1 {
                set(.modifyOtherKeys, isOn: numbers.count > 1 && numbers[1] != 0)
            }
        // Without parameters, the whole window. With a mark it is another sequence.
        case (UInt8(ascii: "r"), ...UInt8(ascii: ";")):
            let numbers = numbers(after: 0)
            set(.margins, isOn: numbers[0] > 1 || numbers.count > 1 && numbers[1] > 0)
        case (UInt8(ascii: "q"), _) where sequence.last == UInt8(ascii: " "):
            sequence.removeLast()
            set(.cursorStyle, isOn: numbers(after: 0)[0] != 0)
        default: break
        }
    }

    /// The parameters of the sequence, at least one; 0 for one that is left out or is no number.
    private func numbers(after count: Int) -> [Int] {
        sequence.dropFirst(count).split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
            .map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
    }

    private mutating func set(modes: [Int], isOn: Bool) {
        for mode in modes where Self.watched.contains(mode) {
            changes.modes.removeAll { $0 == mode }
            if isOn != Self.onAtFirst.contains(mode) { changes.modes.append(mode) }
        }
    }

    private mutating func set(ansiModes: [Int], isOn: Bool) {
        if ansiModes.contains(4) { set(.insertion, isOn: isOn) }
        if ansiModes.contains(20) { set(.newline, isOn: isOn) }
    }

    private mutating func set(_ other: Other, isOn: Bool) {
        if isOn { changes.others.insert(other) } else { changes.others.remove(other) }
    }

    private mutating func setKeyboard(_ change: (Int) -> Int) {
        if changes.isAlternate {
            changes.alternateKeyboard = change(changes.alternateKeyboard)
        } else {
            changes.mainKeyboard = change(changes.mainKeyboard)
        }
    }
}
