import Glibc
import HostProtocol

/// The user's terminal in raw mode: every key goes to the session, nothing is echoed here.
///
/// The one owner of that mode. The terminal is given back when the value goes, when the process exits, and when a signal
/// ends or stops the process.
struct RawTerminal: ~Copyable {
    /// Kept open for as long as a handler may write to it.
    private let pipe: WakePipe

    /// Puts the terminal on stdin into raw mode.
    /// - Parameter pipe: Told when the size may have changed.
    /// - Throws: ``CommandFailure`` when the terminal does not let itself be set.
    ///
    /// See: termios(3), cfmakeraw
    init(waking pipe: WakePipe) throws(CommandFailure) {
        self.pipe = pipe
        let state = TerminalRestoration.state
        TerminalRestoration.install()
        guard tcgetattr(STDIN_FILENO, &state.pointee.original) == 0 else { throw Self.failure("read") }
        state.pointee.raw = state.pointee.original
        cfmakeraw(&state.pointee.raw)
        state.pointee.wakeEnd = pipe.writeEnd
        state.pointee.resetLength = 0
        state.pointee.isRaw = 1
        // TCSADRAIN keeps what was typed ahead, which TCSAFLUSH would throw away.
        guard tcsetattr(STDIN_FILENO, TCSADRAIN, &state.pointee.raw) == 0 else {
            let failure = Self.failure("set")
            TerminalRestoration.restore()
            throw failure
        }
    }

    deinit {
        TerminalRestoration.restore()
        TerminalRestoration.state.pointee.wakeEnd = -1
    }

    /// Notes what gives the terminal's modes back. Nothing that does not fit: half of a sequence would be worse.
    static func noteReset(_ bytes: [UInt8]) {
        guard bytes.count <= TerminalRestoration.resetCapacity else { return }
        let state = TerminalRestoration.state
        // A handler in between sees no reset rather than a mixture.
        state.pointee.resetLength = 0
        for (index, byte) in bytes.enumerated() { state.pointee.reset[index] = byte }
        state.pointee.resetLength = bytes.count
    }

    /// The size of the terminal that the user sees, nil when there is none or it does not know its size.
    ///
    /// See: ioctl_tty(2), TIOCGWINSZ
    static func size() -> TerminalSize? {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            var size = winsize()
            guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { continue }
            return TerminalSize(columns: min(Int(size.ws_col), 1000), rows: min(Int(size.ws_row), 1000))
        }
        return nil
    }

    private static func failure(_ verb: String) -> CommandFailure {
        .failed("The terminal's mode cannot be \(verb): \(String(cString: strerror(errno))).")
    }
}
