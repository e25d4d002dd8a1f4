import Foundation
import TestSupport
import Testing

/// A tmux server of a test's own with one pane, as another terminal's opinion of the same bytes.
struct ReferenceTerminal {
    /// What the pane shows.
    struct Capture: Equatable {
        var lines: [String]
        var row: Int
        var column: Int
        var isAlternateScreen: Bool

        /// What differs, line by line.
        func differences(from other: Capture) -> [String] {
            var differences = zip(lines, other.lines).enumerated().filter { $1.0 != $1.1 }
                .map { "line \($0): \($1.0.debugDescription) and \($1.1.debugDescription)" }
            if (row, column) != (other.row, other.column) {
                differences.append("cursor: \(row), \(column) and \(other.row), \(other.column)")
            }
            if isAlternateScreen != other.isAlternateScreen { differences.append("alternate: \(isAlternateScreen)") }
            return differences
        }
    }

    private static let deadline = Duration.seconds(30)

    /// What tmux shows after it has read bytes in a fresh pane.
    ///
    /// The bytes reach tmux through a terminal that is raw and has no reader, so that neither the kernel nor an answer to a
    /// query adds to them. That all is read is known by a title which follows.
    static func capture(_ bytes: [UInt8], columns: Int, rows: Int) throws -> Capture {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/bytes"
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        let configuration = directory.path + "/tmux.conf"
        try "set -g status off\nset -g history-limit 5000\nset -g set-titles off\n".write(
            toFile: configuration, atomically: true, encoding: .utf8)
        let environment = ["TMUX_TMPDIR": directory.path, "LC_ALL": "C.UTF-8", "TMUX": "", "FILE": file]
        let tmux = "tmux -u -L reference -f \(configuration)"
        let title = "read-\(UUID().uuidString)"
        defer { _ = try? Shell.run("\(tmux) kill-server", environment: environment) }
        let pane = "stty raw -echo; cat \(file); printf \"\\030\\033]2;\(title)\\007\"; exec tail -f /dev/null"
        // The server outlives the command. Descriptors that it inherits would keep the command from being seen to end, and
        // signals that the runner of the tests blocks would keep the server from ending.
        let alone = """
            python3 -c 'import os, signal, sys
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            os.closerange(3, 1024)
            os.execvp(sys.argv[1], sys.argv[1:])'
            """
        try Shell.run(
            "\(alone) \(tmux) new-session -d -x \(columns) -y \(rows) '\(pane)'", environment: environment)
        let clock = ContinuousClock()
        let end = clock.now + deadline
        var state: [Substring] = []
        repeat {
            let text = try Shell.run(
                "\(tmux) display -p '#{cursor_y} #{cursor_x} #{alternate_on} #{pane_title}'", environment: environment)
            state = text.split(whereSeparator: \.isWhitespace)
        } while state.last != title[...] && clock.now < end
        try #require(state.last == title[...], "tmux did not read everything within \(deadline): \(state)")
        let text = try Shell.run("\(tmux) capture-pane -p -e", environment: environment)
        return Capture(
            lines: lines(
                plain(text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init), rows: rows),
            row: Int(state[0]) ?? -1, column: min(Int(state[1]) ?? -1, columns - 1), isAlternateScreen: state[2] == "1")
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
    static func lines(_ lines: [String], rows: Int) -> [String] {
        let padded = lines.prefix(rows) + Array(repeating: "", count: max(0, rows - lines.count))
        return padded.map { line in
            String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
        }
    }
}
