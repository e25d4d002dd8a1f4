import Dispatch
import Glibc

/// A program run to its end.
enum ChildProcess {
    /// How it ended and what it wrote to stdout.
    struct Result: Equatable, Sendable {
        /// The exit status, 128 and the number for a signal.
        var status: Int32
        /// What it wrote to stdout, when that was asked for.
        var output: String
    }

    /// Runs a program, found in `PATH`, with this process's environment, stdin and stderr.
    /// - Parameters:
    ///   - capturing: Whether stdout is returned rather than shared.
    ///   - patience: How long it may hold the stdout that is captured; it is killed then, with the status of timeout(1).
    /// - Throws: ``CommandFailure`` when it cannot be started.
    ///
    /// A socket pair stands for a pipe: it can be made close-on-exec at once, which pipe(2) cannot.
    ///
    /// See: posix_spawnp(3), waitpid(2), socketpair(2)
    static func run(
        _ program: String, _ arguments: [String], capturing: Bool = false, patience: Duration? = nil
    ) throws(CommandFailure) -> Result {
        var ends: [CInt] = [-1, -1]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if capturing {
            let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw failure(program, errno) }
            posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        }
        defer { if ends[0] >= 0 { close(ends[0]) } }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var child = pid_t()
        let code = posix_spawnp(&child, program, &actions, nil, &words, environ)
        if ends[1] >= 0 { close(ends[1]) }
        guard code == 0 else { throw failure(program, code) }
        var output = ""
        if capturing {
            let (text, hasEnded) = readAll(ends[0], patience)
            guard hasEnded else {
                // It is ours and not reaped, so the number is its own. One that waits for a disk dies when that answers.
                kill(child, SIGKILL)
                let abandoned = child
                DispatchQueue.global().async { _ = reap(abandoned) }
                return Result(status: CommandStatus.timedOut.rawValue, output: text)
            }
            output = text
        }
        let status = reap(child)
        let signal = status & 0x7f
        return Result(status: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: output)
    }

    private static func reap(_ child: pid_t) -> CInt {
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }

    /// Reads to the end; what has come and false when that has not come in time.
    private static func readAll(_ descriptor: CInt, _ patience: Duration?) -> (text: String, hasEnded: Bool) {
        let end = patience.map { ContinuousClock.now + $0 }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            if let end {
                let left = ContinuousClock.now.duration(to: end)
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard left > .zero else { return (String(decoding: bytes, as: UTF8.self), false) }
                guard poll(&waiting, 1, CInt(left.components.seconds) * 1000 + 1000) > 0 else { continue }
            }
            let count = read(descriptor, &chunk, chunk.count)
            if count > 0 {
                bytes += chunk[0..<count]
            } else if count == 0 || errno != EINTR {
                return (String(decoding: bytes, as: UTF8.self), true)
            }
        }
    }

    private static func failure(_ program: String, _ code: CInt) -> CommandFailure {
        .failed("\(program) cannot be started: \(String(cString: strerror(code))).")
    }
}
