import Glibc

/// What gives the user's terminal back on the ways out that no `defer` sees: `exit`, and signals.
///
/// A signal's handler may interrupt anything, so all that it touches lies in plain memory behind one pointer that is made
/// before the first handler is installed, and it only makes calls that are safe there.
///
/// See: signal-safety(7), tcsetattr(3), atexit(3)
enum TerminalRestoration {
    /// Longest text that switches modes off, in bytes. All that ``TerminalModes`` watches is some 160.
    static let resetCapacity = 512

    /// All that the handlers look at.
    struct State {
        /// 1 while the terminal is in raw mode.
        var isRaw: CInt = 0
        var original = termios()
        var raw = termios()
        /// Where to say what happened to the terminal, or -1.
        var wakeEnd: CInt = -1
        var resetLength = 0
        var reset: UnsafeMutablePointer<UInt8>
    }

    /// Made once and kept until the process ends. Unsafe as far as the compiler knows: it is written by one
    /// ``RawTerminal`` at a time, and the handlers read what it has written before.
    nonisolated(unsafe) static let state: UnsafeMutablePointer<State> = {
        let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        state.initialize(to: State(reset: .allocate(capacity: resetCapacity)))
        return state
    }()

    /// Switches modes off and restores the line discipline, if the terminal is raw. Safe in a signal's handler.
    static func restore() {
        guard state.pointee.isRaw != 0 else { return }
        state.pointee.isRaw = 0
        switchModesOff()
        tcsetattr(STDIN_FILENO, TCSADRAIN, &state.pointee.original)
    }

    private static func switchModesOff() {
        if state.pointee.resetLength > 0 { write(STDOUT_FILENO, state.pointee.reset, state.pointee.resetLength) }
    }

    /// Installs the handlers; the ones for signals that were ignored at the start (nohup) are left out.
    static func install() {
        _ = state
        // See: signal(7). These end the process, and still do: all that do so but SIGKILL. The second row is what a trap, an abort and a
        // fault of this program are; Swift's runtime, whose handlers are replaced, would ask at the terminal what to do next.
        for signal in [
            SIGHUP, SIGINT, SIGQUIT, SIGTERM,
            SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGSYS,
            SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGPOLL, SIGPWR, SIGSTKFLT,
        ] {
            handle(signal) { number in
                TerminalRestoration.restore()
                Glibc.signal(number, SIG_DFL)
                raise(number)
            }
        }
        handle(SIGTSTP) { _ in
            let code = errno
            let wasRaw = TerminalRestoration.state.pointee.isRaw
            TerminalRestoration.restore()
            raise(SIGSTOP)
            // Continued: in the foreground again, if the shell has seen to it.
            if wasRaw != 0 { TerminalRestoration.resume() }
            errno = code
        }
        handle(SIGCONT) { _ in
            let code = errno
            // After SIGSTOP, which nobody can handle, the shell has set the terminal as it likes, but for the modes. What is drawn next
            // begins without them, and may never come: they have to go here.
            if TerminalRestoration.state.pointee.isRaw != 0 {
                TerminalRestoration.switchModesOff()
                TerminalRestoration.resume()
            }
            errno = code
        }
        handle(SIGWINCH) { _ in
            let code = errno
            TerminalRestoration.wake(.resized)
            errno = code
        }
        atexit { TerminalRestoration.restore() }
    }

    private static func resume() {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &state.pointee.raw)
        state.pointee.isRaw = 1
        wake(.resumed)
    }

    private static func wake(_ message: WakePipe.Message) {
        var byte = message.rawValue
        if state.pointee.wakeEnd >= 0 { write(state.pointee.wakeEnd, &byte, 1) }
    }

    private static func handle(_ signal: CInt, _ handler: @escaping @convention(c) (CInt) -> Void) {
        var previous = sigaction()
        sigaction(signal, nil, &previous)
        if unsafeBitCast(previous.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        {
            return
        }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        // An overflow of the stack is told on the one that Swift's runtime keeps for it, where it does.
        action.sa_flags = SA_RESTART | SA_ONSTACK
        sigemptyset(&action.sa_mask)
        sigaction(signal, &action, nil)
    }
}
