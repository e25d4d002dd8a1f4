import Foundation
import TestSupport
import Testing

/// What a real program writes to a terminal, recorded when the test runs.
struct Recording: Sendable, CustomTestStringConvertible {
    /// One wait and what is typed then.
    struct Step: Sendable {
        let expected: String
        let keys: String
    }

    static let columns = 120
    static let rows = 32

    let program: String
    private let arguments: String
    private let steps: [Step]

    var testDescription: String { program }

    /// Scenes with the programs that people leave running in a terminal. The shell finds `FILE` in the working directory.
    static let all = [
        Recording(
            program: "vim", arguments: "-u NONE -N FILE",
            steps: [
                Step(expected: "31 some", keys: ":syntax on | set nu hlsearch\r"),
                Step(expected: " 31 ", keys: "G"), Step(expected: "300", keys: "iHello \u{1b}"),
                Step(expected: "Hello", keys: ":split\r"), Step(expected: "FILE [+]", keys: "/150 some\r"),
                Step(expected: "150", keys: ":set list\r"), Step(expected: "$", keys: ""),
            ]),
        Recording(
            program: "less", arguments: "FILE",
            steps: [
                Step(expected: "31 some", keys: "/77\r"), Step(expected: "77", keys: "kkkkk"),
                Step(expected: "72 some", keys: "G"), Step(expected: "300 some", keys: ""),
            ]),
        Recording(
            program: "htop", arguments: "", steps: [Step(expected: "PID", keys: ""), Step(expected: "Quit", keys: "")]),
        Recording(
            program: "python3", arguments: "CURSES",
            steps: [Step(expected: "first", keys: "x"), Step(expected: "second", keys: "")]),
        Recording(
            program: "tmux",
            arguments:
                "-L INNER -f /dev/null -u new-session 'echo left; exec cat' \\; split-window -h 'echo right; exec cat'",
            steps: [Step(expected: "│", keys: "typed"), Step(expected: "typed", keys: "")]),
        Recording(
            program: "bash", arguments: "--norc --noprofile -i",
            steps: [
                Step(expected: "bash-", keys: "cat FILE\r"),
                Step(expected: "300 some", keys: "printf 'a\\tb%s\\n' end\r"),
                Step(expected: "bend", keys: ""),
            ]),
    ]

    /// Runs the program in a directory of the test's own.
    func record(in directory: TemporaryDirectory) throws -> [UInt8] {
        let script = directory.path + "/scene.py"
        try Self.curses.write(toFile: script, atomically: true, encoding: .utf8)
        let text = (1...300).map { "\($0) some text — wïth 日本 and\te\u{301}\n" }.joined()
        try text.write(toFile: directory.path + "/FILE", atomically: true, encoding: .utf8)
        let recorder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/record-program"
        let steps = try JSONSerialization.data(withJSONObject: steps.map { [$0.expected, $0.keys] })
        let socket = "corral-inner-\(UUID().uuidString)"
        let command = "\(program) \(arguments)".replacing("CURSES", with: script).replacing("INNER", with: socket)
        defer {
            let environment = ["TMUX_TMPDIR": directory.path]
            if program == "tmux" { _ = try? Shell.run("tmux -L \(socket) kill-server", environment: environment) }
        }
        try Shell.run(
            "exec \"$RECORDER\" output \(Self.columns) \(Self.rows) 60 \"$STEPS\" sh -c \"exec $PROGRAM\"",
            in: directory.path,
            environment: [
                "RECORDER": recorder, "STEPS": String(decoding: steps, as: UTF8.self), "PROGRAM": command,
                "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": directory.path, "TMUX": "",
                "TMUX_TMPDIR": directory.path,
            ])
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory.path + "/output")))
    }

    /// Colours, attributes, line drawing, a scrolling region and wide characters.
    private static let curses = """
        import curses, locale
        locale.setlocale(locale.LC_ALL, "")
        def main(window):
            curses.start_color()
            curses.use_default_colors()
            curses.init_pair(1, curses.COLOR_YELLOW, curses.COLOR_BLUE)
            curses.init_pair(2, 200, -1)
            window.bkgd(" ", curses.color_pair(1))
            window.border()
            window.addstr(2, 2, "first \\u65e5\\u672c e\\u0301", curses.A_BOLD | curses.color_pair(2))
            window.addstr(3, 2, "-" * 100, curses.A_UNDERLINE)
            pad = curses.newwin(10, 40, 10, 20)
            pad.scrollok(True)
            pad.bkgd(" ", curses.A_REVERSE)
            for number in range(30):
                pad.addstr(f"line {number}\\n")
                pad.refresh()
            window.noutrefresh()
            pad.redrawwin()
            pad.noutrefresh()
            curses.doupdate()
            window.getch()
            pad.move(3, 0)
            pad.insertln()
            pad.addstr("second")
            pad.deleteln()
            pad.addstr(5, 5, "second")
            pad.refresh()
            window.getch()
        curses.wrapper(main)
        """
}
