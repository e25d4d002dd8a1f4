import ArgumentParser
import Dispatch
import FoundationEssentials
import Glibc
import HostClient

/// `corral dial-stdio`: the other end of `--host ssh://…`, which nobody types.
struct DialStdio: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dial-stdio",
        abstract: "Connect stdin and stdout to the host's socket.",
        discussion: """
            `corral --host ssh://MACHINE` runs this on the other machine. It says on stderr when it is connected, and ends when \
            either side ends the connection.

            Example:
              ssh MACHINE corral dial-stdio
            """,
        shouldDisplay: false
    )

    /// A host whose queue of connections is full this long does not work.
    private static let patience: Duration = .seconds(30)

    @OptionGroup var places: HostPlaces

    func run() async throws {
        // Not `CORRAL_HOST`: this is the end of the way.
        let path = try SocketPath.resolve(
            explicit: places.socket, environment: ProcessInfo.processInfo.environment)
        let host = try await Self.connect(path)
        defer { close(host) }
        // A client that is gone is an error of write, and no signal.
        signal(SIGPIPE, SIG_IGN)
        Console.note(HostSocket.greeting)
        // Both ways at once, each waiting for itself alone. Whichever side ends, this ends. A client that has closed its end is gone, and
        // not one that waits for the rest: the host, which takes half a connection for a client that is there, must be told so.
        DispatchQueue(label: "stdin").async {
            Self.copy(STDIN_FILENO, to: host)
            shutdown(host, CInt(SHUT_RDWR))
        }
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "stdout").async {
                Self.copy(host, to: STDOUT_FILENO)
                continuation.resume()
            }
        }
    }

    private static func connect(_ path: String) async throws -> CInt {
        let deadline = ContinuousClock.now + patience
        while true {
            if let host = try HostSocket.connect(path: path) {
                _ = fcntl(host, F_SETFL, fcntl(host, F_GETFL) & ~O_NONBLOCK)
                return host
            }
            guard .now < deadline else {
                throw HostClientFailure.unreachable(path: path, why: "its queue of connections is full")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Copies until the source is at its end or one of the two fails.
    ///
    /// See: read(2), write(2)
    private static func copy(_ source: CInt, to target: CInt) {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(source, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            var done = 0
            while done < count {
                let written = bytes.withUnsafeBytes { write(target, $0.baseAddress.map { $0 + done }, count - done) }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                done += written
            }
        }
    }
}
