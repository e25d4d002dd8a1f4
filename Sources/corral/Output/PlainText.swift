/// Terminal output as lines of plain text.
///
/// Escape sequences are removed. A carriage return goes back to the line's start and a backspace one to the left, and what
/// follows replaces what stood there, so that a progress bar reads as its last state. Nothing else of a terminal is
/// imitated: no cursor movement, no screen.
///
/// See: ECMA-48 section 5.4, control sequences; 8.3.89, operating system commands
struct PlainText {
    /// Where the reader is in an escape sequence.
    private enum State {
        case text
        /// After ESC.
        case escape
        /// After ESC and intermediate bytes: one more byte ends it.
        case intermediate
        /// After ESC `[`: up to a final byte.
        case control
        /// After ESC `]`, `P`, `X`, `^` or `_`: up to BEL or ESC `\`.
        case string
        case stringEscape
    }

    /// The lines, without empty ones at the end.
    private(set) var lines: [String] = []
    private var line: [Unicode.Scalar] = []
    private var column = 0
    private var state = State.text

    /// Reads output from its beginning; bytes that are no UTF-8 become replacement characters.
    init(_ bytes: [UInt8]) {
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars { read(scalar) }
        endLine()
        while let last = lines.last, last.isEmpty { lines.removeLast() }
    }

    private mutating func read(_ scalar: Unicode.Scalar) {
        switch (state, scalar) {
        case (.text, "\u{1b}"): state = .escape
        case (.text, _): show(scalar)
        case (.escape, "["): state = .control
        case (.escape, "]"), (.escape, "P"), (.escape, "X"), (.escape, "^"), (.escape, "_"): state = .string
        case (.escape, "\u{20}"..."\u{2f}"): state = .intermediate
        case (.escape, "\u{1b}"): state = .escape
        case (.escape, _): state = .text
        case (.intermediate, "\u{20}"..."\u{2f}"): break
        case (.intermediate, _): state = .text
        case (.control, "\u{40}"..."\u{7e}"): state = .text
        case (.control, "\u{1b}"): state = .escape
        // CAN and SUB break a sequence off; a newline in one still acts.
        case (.control, "\u{18}"), (.control, "\u{1a}"): state = .text
        case (.control, "\n"), (.control, "\r"): show(scalar)
        case (.control, _): break
        case (.string, "\u{07}"), (.string, "\u{18}"), (.string, "\u{1a}"), (.string, "\u{9c}"): state = .text
        case (.string, "\u{1b}"): state = .stringEscape
        case (.string, _): break
        case (.stringEscape, "\\"): state = .text
        case (.stringEscape, _):
            state = .escape
            read(scalar)
        }
    }

    private mutating func show(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\n": endLine()
        case "\r": column = 0
        case "\u{08}": column = max(0, column - 1)
        case "\t": put(scalar)
        case "\u{00}"..."\u{1f}", "\u{7f}"..."\u{9f}": break
        default: put(scalar)
        }
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        if column < line.count {
            line[column] = scalar
        } else {
            line.append(scalar)
        }
        column += 1
    }

    private mutating func endLine() {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: line)
        while let last = text.last, last == " " { text.removeLast() }
        lines.append(String(text))
        line = []
        column = 0
    }
}
