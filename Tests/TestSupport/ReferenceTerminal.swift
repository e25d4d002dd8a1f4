import Foundation

/// A tmux server of a test's own with one pane, as another terminal's opinion of the same bytes or of the same program.
public final class ReferenceTerminal {
    /// tmux did not do what it should.
    public struct Trouble: Error, CustomStringConvertible {
        public let description: String
    }

    /// What the pane shows.
    public struct Capture: Equatable, Sendable {
        public var lines: [String]
        public var row: Int
        public var column: Int
        public var isAlternateScreen: Bool

        /// One that another terminal shows.
        public init(lines: [String], row: Int, column: Int, isAlternateScreen: Bool) {
            self.lines = lines
            self.row = row
            self.column = column
            self.isAlternateScreen = isAlternateScreen
        }

        /// What differs, line by line.
        public func differences(from other: Capture) -> [String] {
            var differences = zip(lines, other.lines).enumerated().filter { $1.0 != $1.1 }
                .map { "line \($0): \($1.0.debugDescription) and \($1.1.debugDescription)" }
            if lines.count != other.lines.count { differences.append("rows: \(lines.count) and \(other.lines.count)") }
            if (row, column) != (other.row, other.column) {
                differences.append("cursor: \(row), \(column) and \(other.row), \(other.column)")
            }
            if isAlternateScreen != other.isAlternateScreen { differences.append("alternate: \(isAlternateScreen)") }
            return differences
        }
    }

    /// Flags of the pane that a program can set, by tmux's names.
    ///
    /// See: tmux(1) "FORMATS"
    private static let modeNames = [
        "alternate_on", "cursor_flag", "insert_flag", "keypad_cursor_flag", "keypad_flag", "mouse_any_flag",
        "mouse_sgr_flag", "origin_flag", "wrap_flag", "scroll_region_upper", "scroll_region_lower",
    ]
    private static let deadline = Duration.seconds(30)

    private let directory: TemporaryDirectory
    private let environment: [String: String]
    private let tmux: String
    private var columns: Int
    private var rows: Int

    /// Starts a shell's command in a fresh pane.
    public init(_ command: String, columns: Int, rows: Int) throws {
        directory = try TemporaryDirectory()
        (self.columns, self.rows) = (columns, rows)
        let configuration = directory.path + "/tmux.conf"
        try "set -g status off\nset -g history-limit 5000\nset -g set-titles off\nset -g remain-on-exit on\n".write(
            toFile: configuration, atomically: true, encoding: .utf8)
        environment = [
            "TMUX_TMPDIR": directory.path, "LC_ALL": "C.UTF-8", "TMUX": "", "SHELL": "/bin/sh", "COMMAND": command,
        ]
        tmux = "tmux -u -L reference -f \(configuration)"
        // The server outlives the command. Descriptors that it inherits would keep the command from being seen to end, and
        // signals that the runner of the tests blocks would keep the server from ending.
        let alone = """
            python3 -c 'import os, signal, sys
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            os.closerange(3, 1024)
            os.execvp(sys.argv[1], sys.argv[1:])'
            """
        try Shell.run(
            "\(alone) \(tmux) new-session -d -x \(columns) -y \(rows) \"$COMMAND\"", environment: environment)
    }

    deinit { _ = try? Shell.run("\(tmux) kill-server", environment: environment) }

    /// Types into the program.
    public func type(_ keys: String) throws {
        try Shell.run(
            "\(tmux) send-keys -l -- \"$KEYS\"", environment: environment.merging(["KEYS": keys]) { _, new in new })
    }

    /// Changes the pane's size.
    public func resize(columns: Int, rows: Int) throws {
        (self.columns, self.rows) = (columns, rows)
        try Shell.run("\(tmux) resize-window -x \(columns) -y \(rows)", environment: environment)
    }

    /// What the pane shows now.
    public func capture() throws -> Capture {
        let text = try Shell.run(
            "\(tmux) display -p '#{cursor_y} #{cursor_x} #{alternate_on}' \\; capture-pane -p -e",
            environment: environment)
        let (state, screen) =
            text.firstIndex(of: "\n").map { (text[..<$0], text[text.index(after: $0)...]) } ?? ("", "")
        let numbers = state.split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 3 else { throw Trouble(description: "tmux says \(state)") }
        return Capture(
            lines: Self.lines(
                Self.plain(String(screen)).split(separator: "\n", omittingEmptySubsequences: false).map(String.init),
                rows: rows),
            row: numbers[0], column: min(numbers[1], columns - 1), isAlternateScreen: numbers[2] == 1)
    }

    /// The modes that the program has set.
    public func modes() throws -> [String: Int] {
        let format = Self.modeNames.map { "#{\($0)}" }.joined(separator: " ")
        let text = try Shell.run("\(tmux) display -p '\(format)'", environment: environment)
        let values = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard values.count == Self.modeNames.count else { throw Trouble(description: "tmux says \(text)") }
        return Dictionary(uniqueKeysWithValues: zip(Self.modeNames, values))
    }

    /// A pane that has read bytes, and has no program any more that answers.
    ///
    /// The bytes reach tmux through a terminal that is raw and has no reader, so that neither the kernel nor an answer to a
    /// query adds to them. That all is read is known by a title which follows.
    public static func having(read bytes: [UInt8], columns: Int, rows: Int) throws -> ReferenceTerminal {
        let files = try TemporaryDirectory()
        let file = files.path + "/bytes"
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        let title = "read-\(UUID().uuidString)"
        let terminal = try ReferenceTerminal(
            "stty raw -echo; cat \(file); printf \"\\030\\033]2;\(title)\\007\"; exec tail -f /dev/null",
            columns: columns, rows: rows)
        let clock = ContinuousClock()
        let end = clock.now + deadline
        var found = ""
        repeat {
            found = try Shell.run("\(terminal.tmux) display -p '#{pane_title}'", environment: terminal.environment)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        } while found != title && clock.now < end
        guard found == title else {
            throw Trouble(description: "tmux did not read everything within \(deadline): \(found)")
        }
        return terminal
    }

    /// What tmux shows after it has read bytes in a fresh pane.
    public static func capture(_ bytes: [UInt8], columns: Int, rows: Int) throws -> Capture {
        try having(read: bytes, columns: columns, rows: rows).capture()
    }

    /// A capture with attributes without them. Only such a capture tells line drawing from letters, by SO and SI.
    private static func plain(_ capture: String) -> String {
        let drawing: [Unicode.Scalar: Unicode.Scalar] = [
            "j": "┘", "k": "┐", "l": "┌", "m": "└", "n": "┼", "q": "─", "t": "├", "u": "┤", "v": "┴", "w": "┬",
            "x": "│",
        ]
        var text = ""
        var isDrawing = false
        var isInSequence = false
        for scalar in capture.unicodeScalars {
            switch scalar {
            case "\u{1b}": isInSequence = true
            case _ where isInSequence: isInSequence = !("@"..."~" ~= scalar && scalar != "[")
            case "\u{0e}": isDrawing = true
            case "\u{0f}": isDrawing = false
            default: text.unicodeScalars.append(isDrawing ? drawing[scalar] ?? scalar : scalar)
            }
        }
        return text
    }

    /// As many lines as there are rows, without the blanks at their ends.
    public static func lines(_ lines: [String], rows: Int) -> [String] {
        let padded = lines.prefix(rows) + Array(repeating: "", count: max(0, rows - lines.count))
        return padded.map { line in
            String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
        }
    }
}
