import Glibc
import Testing

@testable import corral

/// The `corral` program on a terminal of its own.
///
/// See: pty(7), posix_spawn(3)
final class TerminalProcess {
    private let master: CInt
    private let slave: CInt
    private var pid: pid_t = 0
    private var hasEnded = false
    /// All that was shown so far.
    private(set) var shown = ""

    /// The program beside the tests, nil when it was not built.
    static var program: String? {
        let tests = CurrentDirectory.real("/proc/self/exe")
        guard let slash = tests.lastIndex(of: "/") else { return nil }
        let path = tests[..<slash] + "/corral"
        return access(String(path), X_OK) == 0 ? String(path) : nil
    }

    /// Starts `corral` with arguments; the terminal has 80 columns and 24 rows.
    init(_ arguments: [String], environment: [String] = []) throws {
        // The C library's module shows neither posix_openpt(3) nor its kin; these are what they do. See: ioctl_tty(2)
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var isLocked: CInt = 0
        var number: CInt = 0
        try #require(
            master >= 0 && ioctl(master, 0x4004_5431, &isLocked) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
        let name = "/dev/pts/\(number)"
        slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(slave >= 0)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The leader of a new session gets the first terminal that it opens as its controlling one.
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, which the C library's module does not show, and default signals.
        posix_spawnattr_setflags(&attributes, Int16(0x80 | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        let program = try #require(Self.program)
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = (["TERM=xterm", "PATH=/usr/bin:/bin"] + environment).map { strdup($0) } + [nil]
        defer { (words + variables).forEach { free($0) } }
        setSize(columns: 80, rows: 24)
        try #require(posix_spawn(&pid, program, &actions, &attributes, &words, &variables) == 0)
    }

    deinit {
        if !hasEnded, pid > 0 {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        close(slave)
        close(master)
    }

    /// Whether keys are read one by one and not echoed.
    var isRaw: Bool {
        var modes = termios()
        return tcgetattr(slave, &modes) == 0 && modes.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0
    }

    /// Presses keys.
    func type(_ bytes: [UInt8]) {
        #expect(write(master, bytes, bytes.count) == bytes.count)
    }

    /// Changes the terminal's size.
    func setSize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        #expect(ioctl(master, UInt(TIOCSWINSZ), &size) == 0)
    }

    /// Sends the process a signal.
    func signal(_ number: CInt) {
        kill(pid, number)
    }

    /// Waits until the terminal has shown a text.
    func expect(_ text: String, within seconds: Int = 20, _ location: SourceLocation = #_sourceLocation) async {
        for _ in 0..<(seconds * 100) {
            readWhatIsThere()
            if shown.contains(text) { return }
            await pause()
        }
        Issue.record("\(text.debugDescription) was not shown, but \(shown.debugDescription)", sourceLocation: location)
    }

    /// Waits until the terminal is in raw mode, or no longer.
    func expectRaw(_ isWanted: Bool, within seconds: Int = 20, _ location: SourceLocation = #_sourceLocation) async {
        for _ in 0..<(seconds * 100) {
            if isRaw == isWanted { return }
            await pause()
        }
        Issue.record("the terminal is \(isWanted ? "not " : "")raw", sourceLocation: location)
    }

    /// Waits until the process has stopped.
    func expectStop(_ location: SourceLocation = #_sourceLocation) async {
        for _ in 0..<2000 {
            if waitpid(pid, nil, WNOHANG | WUNTRACED) == pid { return }
            await pause()
        }
        Issue.record("the process did not stop", sourceLocation: location)
    }

    /// Waits for the end.
    /// - Returns: the exit status, 128 and the number for a signal.
    func end(within seconds: Int = 30, _ location: SourceLocation = #_sourceLocation) async -> Int32? {
        for _ in 0..<(seconds * 100) {
            readWhatIsThere()
            var status: CInt = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                hasEnded = true
                readWhatIsThere()
                return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
            }
            await pause()
        }
        Issue.record("the process did not end; it showed \(shown.debugDescription)", sourceLocation: location)
        return nil
    }

    private func readWhatIsThere() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        while poll(&waiting, 1, 0) > 0, waiting.revents & Int16(POLLIN) != 0 {
            let count = read(master, &bytes, bytes.count)
            if count <= 0 { return }
            shown += String(decoding: bytes[0..<count], as: UTF8.self)
        }
    }

    private func pause() async {
        do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
    }
}
