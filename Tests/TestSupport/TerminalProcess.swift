import Foundation

/// The `corral` program on a terminal of its own.
///
/// See: pty(7), posix_spawn(3)
public final class TerminalProcess {
    /// The program or its terminal did not do what it should.
    public struct Trouble: Error, CustomStringConvertible {
        public let description: String
    }

    private let master: CInt
    private let slave: CInt
    private var pid: pid_t = 0
    private var hasEnded = false
    /// All that was shown so far.
    public private(set) var shownBytes: [UInt8] = []
    /// The same as text.
    public var shown: String { String(decoding: shownBytes, as: UTF8.self) }

    /// The program beside the tests, nil when it was not built.
    public static var program: String? {
        guard let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            let slash = tests.lastIndex(of: "/")
        else { return nil }
        let path = tests[..<slash] + "/corral"
        return access(String(path), X_OK) == 0 ? String(path) : nil
    }

    /// Starts `corral` with arguments; the terminal has 80 columns and 24 rows.
    /// - Parameter program: Its path; the one beside the tests when absent.
    public init(_ arguments: [String], environment: [String] = [], program: String? = nil, stdout: String? = nil) throws
    {
        // The C library's module shows neither posix_openpt(3) nor its kin; these are what they do. See: ioctl_tty(2)
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var isLocked: CInt = 0
        var number: CInt = 0
        let isMade =
            master >= 0 && ioctl(master, 0x4004_5431, &isLocked) == 0 && ioctl(master, 0x8004_5430, &number) == 0
        let name = "/dev/pts/\(number)"
        slave = isMade ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1
        guard slave >= 0 else { throw Trouble(description: "make a terminal: errno \(errno)") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The leader of a new session gets the first terminal that it opens as its controlling one.
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        if let stdout { posix_spawn_file_actions_addopen(&actions, 1, stdout, O_WRONLY, 0) }
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
        guard let program = program ?? Self.program else {
            throw Trouble(description: "the corral program was not built beside the tests")
        }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = (["TERM=xterm", "PATH=/usr/bin:/bin"] + environment).map { strdup($0) } + [nil]
        defer { (words + variables).forEach { free($0) } }
        try setSize(columns: 80, rows: 24)
        let code = posix_spawn(&pid, program, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw Trouble(description: "start \(program): errno \(code)") }
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
    public var isRaw: Bool {
        var modes = termios()
        return tcgetattr(slave, &modes) == 0 && modes.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0
    }

    /// All settings of the terminal's line discipline, byte for byte.
    ///
    /// See: termios(3)
    public var settings: [UInt8] {
        get throws {
            var modes = termios()
            guard tcgetattr(slave, &modes) == 0 else {
                throw Trouble(description: "read the terminal's settings: errno \(errno)")
            }
            return withUnsafeBytes(of: modes) { Array($0) }
        }
    }

    /// Presses keys.
    public func type(_ bytes: [UInt8]) throws {
        guard write(master, bytes, bytes.count) == bytes.count else {
            throw Trouble(description: "type \(bytes): errno \(errno)")
        }
    }

    /// Changes the terminal's size.
    public func setSize(columns: UInt16, rows: UInt16) throws {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard ioctl(master, UInt(TIOCSWINSZ), &size) == 0 else {
            throw Trouble(description: "set the terminal's size: errno \(errno)")
        }
    }

    /// Sends the process a signal.
    public func signal(_ number: CInt) {
        kill(pid, number)
    }

    /// Waits until the terminal has shown a text.
    /// - Parameter earlier: another text, after which it is to come.
    public func expect(
        _ text: String, after earlier: String = "", within seconds: Int = 20,
        line: Int = #line
    ) async throws {
        for _ in 0..<(seconds * 100) {
            readWhatIsThere()
            let shown = shown
            let start = earlier.isEmpty ? shown.startIndex : shown.firstRange(of: earlier)?.upperBound
            if let start, shown[start...].contains(text) { return }
            await pause()
        }
        throw Trouble(
            description: "line \(line): \(text.debugDescription) was not shown, but \(shown.debugDescription)")
    }

    /// Waits until the terminal is in raw mode, or no longer.
    public func expectRaw(
        _ isWanted: Bool, within seconds: Int = 20, line: Int = #line
    ) async throws {
        for _ in 0..<(seconds * 100) {
            if isRaw == isWanted { return }
            await pause()
        }
        throw Trouble(description: "line \(line): the terminal is \(isWanted ? "not " : "")raw")
    }

    /// Waits until the process has stopped.
    public func expectStop(line: Int = #line) async throws {
        for _ in 0..<2000 {
            if waitpid(pid, nil, WNOHANG | WUNTRACED) == pid { return }
            await pause()
        }
        throw Trouble(description: "line \(line): the process did not stop")
    }

    /// Waits for the end.
    /// - Returns: the exit status, 128 and the number for a signal.
    public func end(within seconds: Int = 30, line: Int = #line) async throws -> Int32 {
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
        throw Trouble(description: "line \(line): the process did not end; it showed \(shown.debugDescription)")
    }

    /// Reads like a terminal that takes so much and no more, and forgets it.
    /// - Returns: how many bytes there were.
    public func take(atMost count: Int) -> Int {
        var bytes = [UInt8](repeating: 0, count: count)
        var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 0) > 0, waiting.revents & Int16(POLLIN) != 0 else { return 0 }
        return max(0, read(master, &bytes, count))
    }

    private func readWhatIsThere() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        while poll(&waiting, 1, 0) > 0, waiting.revents & Int16(POLLIN) != 0 {
            let count = read(master, &bytes, bytes.count)
            if count <= 0 { return }
            shownBytes += bytes[0..<count]
        }
    }

    private func pause() async {
        do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
    }
}
