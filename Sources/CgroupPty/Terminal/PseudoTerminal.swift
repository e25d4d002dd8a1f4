internal import CSystemd
import Glibc

/// A PTY whose master end we hold. When the master is closed, the kernel hangs the session up.
///
/// The one owner of the master: whoever reads, writes or stores it is lent it.
/// See: pty(7)
public final class PseudoTerminal: Sendable {
    /// The slave's number as in field 7 of `/proc/PID/stat`: a process whose controlling terminal this is cannot fake it.
    public let device: UInt64
    /// Does not block.
    let master: OwnedFileDescriptor

    private init(master: consuming OwnedFileDescriptor, device: UInt64) throws(SystemCallFailure) {
        let flags = master.withRawValue { fcntl($0, F_GETFL) }
        let answer = master.withRawValue { fcntl($0, F_SETFL, flags | O_NONBLOCK) }
        guard flags >= 0, answer >= 0 else {
            throw SystemCallFailure(call: "fcntl(F_SETFL)", subject: "terminal", errno: errno)
        }
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
        let end = OwnedFileDescriptor(adopting: slave)
        return Pair(
            terminal: try PseudoTerminal(master: OwnedFileDescriptor(adopting: master), device: device), slave: end)
    }

    /// Takes over a master that an earlier service has left.
    /// - Throws: ``SystemCallFailure``, `ENOTTY` when the descriptor is no PTY's master.
    public static func adopt(_ master: consuming OwnedFileDescriptor) throws(SystemCallFailure) -> PseudoTerminal {
        var device: UInt64 = 0
        let answer = master.withRawValue { corral_pty_device($0, &device) }
        guard answer >= 0 else {
            throw SystemCallFailure(call: "ioctl(TIOCGPTN)", subject: "descriptor", errno: -answer)
        }
        return try PseudoTerminal(master: master, device: device)
    }

    /// Opens the other end once more. As long as it is open, the terminal is not hung up for want of anybody who has it.
    func openSlave() throws(SystemCallFailure) -> OwnedFileDescriptor {
        let answer = master.withRawValue { corral_pty_open_slave($0) }
        guard answer >= 0 else {
            throw SystemCallFailure(call: "ioctl(TIOCGPTPEER)", subject: "terminal", errno: -answer)
        }
        return OwnedFileDescriptor(adopting: answer)
    }

    /// Changes the size; the foreground process group gets SIGWINCH if it differs.
    public func resize(to size: WindowSize) throws(SystemCallFailure) {
        let answer = master.withRawValue { corral_pty_set_size($0, size.rows, size.columns) }
        guard answer >= 0 else {
            throw SystemCallFailure(call: "ioctl(TIOCSWINSZ)", subject: "terminal", errno: -answer)
        }
    }

    /// The size now: programs may change it too. Nil for one that we would not set.
    public func size() throws(SystemCallFailure) -> WindowSize? {
        var rows: UInt16 = 0
        var columns: UInt16 = 0
        let answer = master.withRawValue { corral_pty_get_size($0, &rows, &columns) }
        guard answer >= 0 else {
            throw SystemCallFailure(call: "ioctl(TIOCGWINSZ)", subject: "terminal", errno: -answer)
        }
        return WindowSize(columns: Int(columns), rows: Int(rows))
    }

    /// Whether there is output behind what was read, by a poll: that waits for the kernel's worker to hand over what was written, which
    /// FIONREAD does not.
    ///
    /// See: poll(2); Linux 6.18 drivers/tty/n_tty.c, n_tty_poll, tty_buffer_flush_work
    public func hasMore() -> Bool {
        master.withRawValue { master in
            var descriptor = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            return poll(&descriptor, 1, 0) > 0 && descriptor.revents & Int16(POLLIN) != 0
        }
    }

    /// A second descriptor of the master.
    public func duplicateMaster() throws(SystemCallFailure) -> OwnedFileDescriptor { try master.duplicate() }
}
