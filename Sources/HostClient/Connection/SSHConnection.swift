import Glibc

/// A connection to a host of another machine: `ssh MACHINE corral dial-stdio`, whose stdin and stdout are the connection.
///
/// The other end says on stderr when the host's socket has taken it. Until then nothing is sent, so that a failure to get there is
/// known to be one. Whoever has it polls ``descriptor`` and calls ``proceed()``, until that gives the connection or throws.
///
/// The process ends by itself when the connection is closed, also when this process is killed: ssh finds its stdin at its end, and
/// passes that on. It is not killed once it is connected, since it may be the `ControlMaster` of other connections by then.
///
/// See: ssh(1); docker's `dial-stdio`, which this is modelled on
final class SSHConnection {
    /// How the corral on the other machine begins to say that it does not reach its host.
    private static let complaint = "corral: The Corral host cannot be reached: "
    /// Bytes of what ssh says that are kept (I8). The pipe itself holds as much, and ssh does not wait for it.
    private static let noteLimit = 64 << 10

    private let destination: SSHDestination
    /// The process.
    let child: pid_t
    /// Owned by this object; -1 once it was given away.
    private var socket: CInt
    /// ssh's stderr. Owned by this object.
    private let notes: CInt
    private var text: [UInt8] = []
    private var hasEnded = false

    /// Starts ssh.
    /// - Parameter mayAsk: Whether it may ask the user for a password.
    init(_ destination: SSHDestination, mayAsk: Bool) throws(HostClientFailure) {
        SSHChildren.collect()
        self.destination = destination
        var (stream, errors): ([CInt], [CInt]) = ([-1, -1], [-1, -1])
        // Close-on-exec at once, which pipe(2) cannot. A connection is cut when any other child holds an end of it.
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &stream) == 0, socketpair(AF_UNIX, kind, 0, &errors) == 0 else {
            let code = errno
            for end in stream where end >= 0 { close(end) }
            throw Self.unreachable(destination, String(cString: strerror(code)))
        }
        // What is not read any more must not keep ssh waiting.
        _ = fcntl(errors[1], F_SETFL, O_NONBLOCK)
        _ = fcntl(errors[0], F_SETFL, O_NONBLOCK)
        _ = fcntl(stream[0], F_SETFL, O_NONBLOCK)
        let (pid, code) = Self.spawn(
            destination.arguments(mayAsk: mayAsk), stream: stream[1], errors: errors[1])
        close(stream[1])
        close(errors[1])
        child = pid
        socket = stream[0]
        notes = errors[0]
        guard code == 0 else {
            hasEnded = true
            throw Self.unreachable(destination, "ssh cannot be started: \(String(cString: strerror(code)))")
        }
        SSHChildren.add(pid)
    }

    deinit {
        if socket >= 0 {
            close(socket)
            // Not connected yet, so nobody's but ours: it need not wait for a machine that does not answer.
            if !hasEnded { SSHChildren.terminate(child) }
        }
        close(notes)
    }

    /// To be polled for input.
    var descriptor: CInt { notes }

    /// Goes on as far as it goes without waiting.
    /// - Returns: the connection, which the caller owns; nil while the other end has not said that it is connected.
    /// - Throws: ``HostClientFailure/unreachable(path:why:)``, with ssh's words. It is over then.
    func proceed() throws(HostClientFailure) -> CInt? {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(notes, &chunk, chunk.count)
            if count > 0 {
                text += chunk[..<count]
                if text.count > Self.noteLimit { text.removeFirst(text.count - Self.noteLimit) }
                if lines.contains(HostSocket.greeting[...]) {
                    defer { socket = -1 }
                    return socket
                }
            } else if count == 0 {
                hasEnded = true
                throw Self.unreachable(destination, why(SSHChildren.wait(for: child)))
            } else if errno == EAGAIN {
                return nil
            } else if errno != EINTR {
                throw Self.unreachable(destination, String(cString: strerror(errno)))
            }
        }
    }

    /// Waits until it is connected. Blocks the calling thread.
    /// - Returns: the connection, non-blocking, which the caller owns.
    /// - Throws: ``HostClientFailure/unreachable(path:why:)``.
    func wait(until deadline: ContinuousClock.Instant) throws(HostClientFailure) -> CInt {
        while true {
            if let socket = try proceed() { return socket }
            let left = deadline - .now
            guard left > .zero else { throw Self.unreachable(destination, "there was no answer in time") }
            var wait = pollfd(fd: notes, events: Int16(POLLIN), revents: 0)
            poll(&wait, 1, left.pollMilliseconds)
        }
    }

    private var lines: [Substring] {
        String(decoding: text, as: UTF8.self).split { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    }

    /// - Parameter status: As of a shell; nil when it is not known.
    private func why(_ status: CInt?) -> String {
        let said = lines.suffix(5).joined(separator: "; ")
        switch status {
        case 127?:
            return "there is no corral on that machine, or not in the PATH of a shell that ssh starts (\(said))"
        case 64?:
            return "the corral on that machine is of another version (\(said))"
        case 69?:
            // What the corral there has said of its host.
            let words = lines.first { $0.hasPrefix(Self.complaint) }.map { $0.dropFirst(Self.complaint.count) }
            return "on that machine: \(words?.split(separator: ";").first ?? said[...])"
        case let status?:
            return said.isEmpty ? "ssh ended with status \(status)" : said
        case nil:
            return said.isEmpty ? "ssh has closed its output" : said
        }
    }

    private static func unreachable(_ destination: SSHDestination, _ why: String) -> HostClientFailure {
        .unreachable(path: "\(destination)", why: why)
    }

    /// See: posix_spawnp(3)
    private static func spawn(_ arguments: [String], stream: CInt, errors: CInt) -> (pid_t, CInt) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (end, number) in [(stream, STDIN_FILENO), (stream, STDOUT_FILENO), (errors, STDERR_FILENO)] {
            posix_spawn_file_actions_adddup2(&actions, end, number)
        }
        // The network library ignores SIGPIPE, which a child would inherit.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words = (["ssh"] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var child = pid_t()
        let code = posix_spawnp(&child, "ssh", &actions, &attributes, &words, environ)
        return (child, code)
    }
}
