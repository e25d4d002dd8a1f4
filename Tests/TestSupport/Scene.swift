import Foundation

/// A program that draws on the whole of a terminal, and what is typed at it.
public struct Scene: Sendable, CustomStringConvertible {
    /// One wait and what is typed then.
    public struct Step: Sendable {
        /// What is to be seen.
        public let expected: String
        public let keys: String
    }

    /// The window in which it begins.
    public static let columns = 120
    public static let rows = 32

    public let program: String
    private let arguments: String
    public let steps: [Step]

    public var description: String { program }

    /// Scenes with the programs that people leave running in a terminal. The shell finds `FILE` in the working directory.
    public static let all = [vim, less, htop, curses, tmux, bash]

    public static let vim = Scene(
        program: "vim", arguments: "-u NONE -N FILE",
        steps: [
            Step(expected: "31 some", keys: ":syntax on | set nu hlsearch\r"),
            Step(expected: " 31 ", keys: "G"), Step(expected: "300", keys: "iHello \u{1b}"),
            Step(expected: "Hello", keys: ":split\r"), Step(expected: "FILE [+]", keys: "/150 some\r"),
            Step(expected: "150", keys: ":set list\r"), Step(expected: "$", keys: ""),
        ])
    public static let less = Scene(
        program: "less", arguments: "FILE",
        steps: [
            Step(expected: "31 some", keys: "/77\r"), Step(expected: "77", keys: "kkkkk"),
            Step(expected: "72 some", keys: "G"), Step(expected: "300 some", keys: ""),
        ])
    public static let htop = Scene(
        program: "htop", arguments: "", steps: [Step(expected: "PID", keys: ""), Step(expected: "Quit", keys: "")])
    /// Colours, attributes, line drawing, a scrolling region and wide characters.
    public static let curses = Scene(
        program: "python3", arguments: "CURSES",
        steps: [Step(expected: "first", keys: "x"), Step(expected: "second", keys: "")])
    public static let tmux = Scene(
        program: "tmux",
        arguments:
            "-L INNER -f /dev/null -u new-session -n both 'echo left; exec cat' \\; split-window -h 'echo right; exec cat'",
        steps: [Step(expected: "│", keys: "typed"), Step(expected: "typed", keys: "")])
    public static let bash = Scene(
        program: "bash", arguments: "--norc --noprofile -i",
        steps: [
            Step(expected: "bash-", keys: "cat FILE\r"),
            Step(expected: "300 some", keys: "printf 'a\\tb%s\\n' end\r"),
            Step(expected: "bend", keys: ""),
        ])

    /// Puts what the program needs into a directory of the test's own, and a script there that becomes the program.
    /// - Parameter more: Further arguments.
    /// - Returns: what a shell runs, without quotes in it.
    public func command(in directory: TemporaryDirectory, more: String = "") throws -> String {
        let script = directory.path + "/scene.py"
        try Self.cursesProgram.write(toFile: script, atomically: true, encoding: .utf8)
        let text = (1...300).map { "\($0) some text — wïth 日本 and\te\u{301}\n" }.joined()
        try text.write(toFile: directory.path + "/FILE", atomically: true, encoding: .utf8)
        let arguments = arguments.replacing("CURSES", with: script).replacing("INNER", with: Self.innerSocket)
        try """
        cd '\(directory.path)'
        exec env -u TMUX -u TMUX_PANE TERM=xterm-256color COLORTERM=truecolor LC_ALL=C.UTF-8 SHELL=/bin/sh \\
            HOME='\(directory.path)' TMUX_TMPDIR='\(directory.path)' \(program) \(arguments)\(more)

        """.write(toFile: directory.path + "/scene", atomically: true, encoding: .utf8)
        return "sh \(directory.path)/scene"
    }

    /// Ends what the program has left in the background.
    public func end(in directory: TemporaryDirectory) {
        guard program == "tmux" else { return }
        _ = try? Shell.run(
            "tmux -L \(Self.innerSocket) kill-server", environment: ["TMUX_TMPDIR": directory.path])
    }

    private static let innerSocket = "inner"

    private static let cursesProgram = """
        import curses, locale
        locale.setlocale(locale.LC_ALL, "")
        def main(window):
            curses.start_color()
            curses.use_default_colors()
            curses.init_pair(1, curses.COLOR_YELLOW, curses.COLOR_BLUE)
            curses.init_pair(2, 200, -1)
            pad = curses.newwin(10, 40, 10, 20)
            pad.scrollok(True)
            def first():
                window.bkgd(" ", curses.color_pair(1))
                window.erase()
                window.border()
                window.addstr(2, 2, "first \\u65e5\\u672c e\\u0301", curses.A_BOLD | curses.color_pair(2))
                window.addstr(3, 2, "-" * min(100, window.getmaxyx()[1] - 4), curses.A_UNDERLINE)
                pad.bkgd(" ", curses.A_REVERSE)
                pad.erase()
                for number in range(30):
                    pad.addstr(f"line {number}\\n")
                    pad.refresh()
                window.noutrefresh()
                pad.redrawwin()
                pad.noutrefresh()
                curses.doupdate()
            def second():
                pad.move(3, 0)
                pad.insertln()
                pad.addstr("second")
                pad.deleteln()
                pad.addstr(5, 5, "second")
                pad.refresh()
            first()
            while window.getch() == curses.KEY_RESIZE:
                first()
            second()
            while window.getch() == curses.KEY_RESIZE:
                first()
                second()
        curses.wrapper(main)
        """
}
