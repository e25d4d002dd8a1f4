/// Terminal output as lines of plain text, as it comes.
///
/// Escape sequences are removed. A carriage return goes back to the line's start and a backspace one to the left, and what
/// follows replaces what stood there, so that a progress bar reads as its last state; what a program erases of its line is
/// gone. Nothing else of a terminal is imitated: no cursor movement, no screen.
///
/// See: ECMA-48 section 5.4, control sequences; 8.3.41, erase in line; 8.3.89, operating system commands
public struct PlainText {
    /// A line at a moment at which it can be looked at.
    public struct Line {
        /// Its text so far, with the spaces at its end.
        public let scalars: [Unicode.Scalar]
        /// So many at its beginning are as they were when it was looked at last.
        public let unchanged: Int
        /// Whether the line went on beyond the limit.
        public let isCut: Bool
    }

    /// Where the reader is in an escape sequence.
    private enum State {
        case text
        /// After ESC.
        case escape
        /// After ESC and intermediate bytes: one more byte ends it.
        case intermediate
        /// After ESC `[`: up to a final byte. With the parameter as far as it is one of a single digit.
        case control(Unicode.Scalar?, isPlain: Bool)
        /// After ESC `]`, `P`, `X`, `^` or `_`: up to BEL or ESC `\`.
        case string
        case stringEscape
    }

    private let limit: Int
    private var decoder = ScalarDecoder()
    private var state = State.text
    private var line: [Unicode.Scalar] = []
    private var column = 0
    private var unchanged = 0
    private var isCut = false
    /// Whether what is written next replaces something that a person could see.
    private var hasMovedBack = false

    /// Begins at a line's beginning.
    /// - Parameter limit: Characters of a line that are kept; what comes after them in that line is passed over.
    public init(limit: Int = .max) { self.limit = limit }

    /// Whole output as lines, without spaces at their ends and without empty ones after the last.
    public static func lines(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        var text = PlainText()
        func take(_ line: Line) {
            let end = line.scalars.lastIndex { $0 != " " }.map { $0 + 1 } ?? 0
            lines.append(string(line.scalars[..<end]))
        }
        for byte in bytes {
            if text.read(byte, { _ in }) { text.endLine(take) }
        }
        text.end()
        text.endLine(take)
        while let last = lines.last, last.isEmpty { lines.removeLast() }
        return lines
    }

    /// Scalars as text.
    public static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// Takes a byte in.
    /// - Parameter replacing: told the line as it stands before something of it is replaced or erased.
    /// - Returns: whether the byte ends the line, which the caller then takes with ``endLine(_:)``.
    public mutating func read(_ byte: UInt8, _ replacing: (Line) -> Void) -> Bool {
        let (isBroken, scalar) = decoder.read(byte)
        if isBroken { _ = read("\u{fffd}" as Unicode.Scalar, replacing) }
        guard let scalar else { return false }
        return read(scalar, replacing)
    }

    /// Lends the unfinished line.
    public mutating func look(_ body: (Line) -> Void) {
        body(Line(scalars: line, unchanged: unchanged, isCut: isCut))
        unchanged = line.count
    }

    /// Lends the line and begins the next one.
    public mutating func endLine(_ body: (Line) -> Void) {
        look(body)
        line.removeAll(keepingCapacity: line.count < 4096)
        column = 0
        unchanged = 0
        isCut = false
        hasMovedBack = false
    }

    private mutating func end() {
        if decoder.end() { _ = read("\u{fffd}" as Unicode.Scalar) { _ in } }
    }

    // MARK: Escape sequences

    private mutating func read(_ scalar: Unicode.Scalar, _ replacing: (Line) -> Void) -> Bool {
        switch (state, scalar) {
        case (.text, "\u{1b}"): state = .escape
        case (.text, _): return show(scalar, replacing)
        case (.escape, "["): state = .control(nil, isPlain: true)
        case (.escape, "]"), (.escape, "P"), (.escape, "X"), (.escape, "^"), (.escape, "_"): state = .string
        case (.escape, "\u{20}"..."\u{2f}"): state = .intermediate
        case (.escape, "\u{1b}"): state = .escape
        case (.escape, _): state = .text
        case (.intermediate, "\u{20}"..."\u{2f}"): break
        case (.intermediate, _): state = .text
        case (.control(let digit, let isPlain), "\u{40}"..."\u{7e}"):
            state = .text
            if scalar == "K", isPlain { erase(digit ?? "0", replacing) }
        case (.control, "\u{1b}"): state = .escape
        // CAN and SUB break a sequence off; a newline in one still acts.
        case (.control, "\u{18}"), (.control, "\u{1a}"): state = .text
        case (.control, "\n"), (.control, "\r"): return show(scalar, replacing)
        case (.control(nil, true), "0"..."9"): state = .control(scalar, isPlain: true)
        case (.control, _): state = .control(nil, isPlain: false)
        case (.string, "\u{07}"), (.string, "\u{18}"), (.string, "\u{1a}"), (.string, "\u{9c}"): state = .text
        case (.string, "\u{1b}"): state = .stringEscape
        case (.string, _): break
        case (.stringEscape, "\\"): state = .text
        case (.stringEscape, _):
            state = .escape
            return read(scalar, replacing)
        }
        return false
    }

    // MARK: The line

    private mutating func show(_ scalar: Unicode.Scalar, _ replacing: (Line) -> Void) -> Bool {
        switch scalar {
        case "\n": return true
        case "\r": moveBack(to: 0)
        case "\u{08}": moveBack(to: max(0, column - 1))
        case "\t": put(scalar, replacing)
        case "\u{00}"..."\u{1f}", "\u{7f}"..."\u{9f}": break
        default: put(scalar, replacing)
        }
        return false
    }

    private mutating func moveBack(to place: Int) {
        if place < column { hasMovedBack = true }
        column = place
    }

    private mutating func put(_ scalar: Unicode.Scalar, _ replacing: (Line) -> Void) {
        if column < line.count {
            willReplace(replacing)
            line[column] = scalar
            unchanged = min(unchanged, column)
        } else if line.count < limit {
            line.append(scalar)
        } else {
            isCut = true
            return
        }
        column += 1
    }

    /// Erases from the column on (0), up to the column (1), or all of the line (2).
    private mutating func erase(_ what: Unicode.Scalar, _ replacing: (Line) -> Void) {
        guard !line.isEmpty else { return }
        switch what {
        case "0" where column < line.count:
            willReplace(replacing)
            line.removeSubrange(column...)
            unchanged = min(unchanged, column)
        case "1", "2":
            willReplace(replacing)
            let end = what == "2" ? line.count : min(column + 1, line.count)
            for place in 0..<end { line[place] = " " }
            // What follows goes on at the column, and spaces at the end say nothing.
            if what == "2" { line.removeSubrange(min(column, line.count)...) }
            unchanged = 0
        default: break
        }
    }

    private mutating func willReplace(_ replacing: (Line) -> Void) {
        guard hasMovedBack else { return }
        hasMovedBack = false
        look(replacing)
    }
}
