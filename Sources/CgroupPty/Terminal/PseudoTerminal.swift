internal import CSystemd

/// A PTY whose master end we hold. When the master is closed, the kernel hangs the session up.
///
/// See: pty(7)
public final class PseudoTerminal: Sendable {
    /// The slave's number as in field 7 of `/proc/PID/stat`: a process whose controlling terminal this is cannot fake it.
    public let device: UInt64
    private let master: OwnedFileDescriptor

    private init(master: consuming OwnedFileDescriptor, device: UInt64) {
        self.master = master
        self.device = device
    }

    /// Both ends of a new PTY. The slave is for the leader; close it here as soon as the leader holds it.
    public struct Pair: ~Copyable {
        /// The end that we keep.
        public let terminal: PseudoTerminal
        /// The end that the leader takes.
        public let slave: OwnedFileDescriptor
    }

    /// Opens a PTY in canonical mode with UTF-8 erase.
    /// - Throws: ``SystemCallFailure``; `ENOSPC` when `kernel.pty.max` is reached.
    public static func open(size: WindowSize) throws(SystemCallFailure) -> Pair {
        var master: CInt = -1
        var slave: CInt = -1
        var device: UInt64 = 0
        let answer = corral_pty_open(size.rows, size.columns, &master, &slave, &device)
        guard answer >= 0 else { throw SystemCallFailure(call: "posix_openpt", subject: "/dev/ptmx", errno: -answer) }
        return Pair(
            terminal: PseudoTerminal(master: OwnedFileDescriptor(adopting: master), device: device),
            slave: OwnedFileDescriptor(adopting: slave))
    }

    /// Changes the size; the foreground process group gets SIGWINCH if it differs.
    public func resize(to size: WindowSize) throws(SystemCallFailure) {
        let answer = master.withRawValue { corral_pty_set_size($0, size.rows, size.columns) }
        guard answer >= 0 else {
            throw SystemCallFailure(call: "ioctl(TIOCSWINSZ)", subject: "terminal", errno: -answer)
        }
    }

    /// A second descriptor of the master, for an event loop that wants to own what it reads.
    public func duplicateMaster() throws(SystemCallFailure) -> OwnedFileDescriptor { try master.duplicate() }
}
