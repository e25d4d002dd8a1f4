import Glibc

/// The modes that a session's programs have switched on in the user's terminal, and how to switch them off again.
///
/// Detaching leaves the programs running, so nobody else will tell the terminal to leave the alternate screen, show its
/// cursor or stop reporting the mouse. Only what was switched on is switched off: a needless "leave the alternate screen"
/// moves the cursor.
///
/// See: xterm's ctlseqs, "DEC Private Mode Set (DECSET)"
struct TerminalModes {
    private enum State {
        case text, escape, control
        case privateMode([UInt8])
    }

    /// What to write to give the terminal back; empty when nothing was changed.
    private(set) var reset: [UInt8] = []
    private var state = State.text
    private var changed: [Int] = []

    /// Modes that are on in a fresh terminal: 7 wraps lines, 25 shows the cursor.
    private static let onAtFirst: Set<Int> = [7, 25]
    /// Modes that a program may leave switched; others do no harm to a shell.
    private static let watched: Set<Int> = [
        1, 5, 6, 7, 9, 25, 47, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1049, 2004, 2026, 2031,
    ]
    /// Longest sequence that is looked at, in bytes; a longer one is no mode.
    private static let longest = 64

    /// Reads output, which may be cut anywhere.
    /// - Returns: whether ``reset`` has changed.
    mutating func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let before = changed
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
        if changed == before { return false }
        reset = changed.reversed().flatMap { mode in
            Array("\u{1b}[?\(mode)\(Self.onAtFirst.contains(mode) ? "h" : "l")".utf8)
        }
        if !reset.isEmpty { reset += Array("\u{1b}[0m".utf8) }
        return true
    }

    private mutating func read(_ byte: UInt8) {
        switch (state, byte) {
        case (_, 0x1b): state = .escape
        case (.text, _): break
        case (.escape, UInt8(ascii: "[")): state = .control
        // RIS: the program has made the terminal fresh.
        case (.escape, UInt8(ascii: "c")):
            changed = []
            state = .text
        case (.control, UInt8(ascii: "?")): state = .privateMode([])
        case (.escape, _), (.control, _): state = .text
        case (.privateMode(let digits), UInt8(ascii: "0")...UInt8(ascii: "9")) where digits.count < Self.longest,
            (.privateMode(let digits), UInt8(ascii: ";")) where digits.count < Self.longest:
            state = .privateMode(digits + [byte])
        case (.privateMode(let digits), UInt8(ascii: "h")): set(digits, isOn: true)
        case (.privateMode(let digits), UInt8(ascii: "l")): set(digits, isOn: false)
        case (.privateMode, _): state = .text
        }
    }

    private mutating func set(_ digits: [UInt8], isOn: Bool) {
        state = .text
        for mode in digits.split(separator: UInt8(ascii: ";")).compactMap({ Int(String(decoding: $0, as: UTF8.self)) })
        where Self.watched.contains(mode) {
            changed.removeAll { $0 == mode }
            if isOn != Self.onAtFirst.contains(mode) { changed.append(mode) }
        }
    }
}
