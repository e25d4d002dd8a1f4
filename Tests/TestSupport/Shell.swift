import CgroupPty
import Foundation

/// Runs programs of the system for a test's own arrangements, and fails loudly when they do.
public enum Shell {
    /// A program that did not exit with 0.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Runs a script with `sh -eu` and returns its standard output.
    @discardableResult
    public static func run(
        _ script: String, in directory: String = "/", environment: [String: String] = [:]
    ) throws -> String {
        let variables = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        return try run(["/bin/sh", "-euc", script], in: directory, variables, name: script)
    }

    /// Runs a program, given by its path, with no other environment than this one, and returns its standard output.
    @discardableResult
    public static func run(
        _ arguments: [String], in directory: String, _ environment: [String: String], name: String? = nil
    ) throws -> String {
        // Not by Foundation: it takes a child for running as long as anybody holds the descriptor that it gave it, which a child of
        // another test may well do, and lets children inherit the signals that the runner of the tests blocks.
        var output: [CInt] = [-1, -1]
        var errors: [CInt] = [-1, -1]
        // Sockets, which can be made close-on-exec at once: a pipe's end could get into a child of another test.
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &output) == 0, socketpair(AF_UNIX, kind, 0, &errors) == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        posix_spawn_file_actions_adddup2(&actions, errors[1], 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        let all = ["/bin/sh", "-c", "cd -- \"$0\" && exec \"$@\"", directory] + arguments
        var words = all.map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for copy in words + settings { free(copy) } }
        var child = pid_t()
        let code = posix_spawn(&child, "/bin/sh", &actions, &attributes, &words, &settings)
        close(output[1])
        close(errors[1])
        // Both at a time: a child that fills one of them must not wait for us to read the other.
        let trouble = Locked("")
        let isRead = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [errors] in
            let text = readToEnd(errors[0])
            trouble.withLock { $0 = text }
            isRead.signal()
        }
        let text = readToEnd(output[0])
        isRead.wait()
        guard code == 0 else { throw Failure(description: "sh: \(String(cString: strerror(code)))") }
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            let ended = status & 0x7f == 0 ? "status \(status >> 8 & 0xff)" : "signal \(status & 0x7f)"
            throw Failure(
                description: "\(name ?? arguments.joined(separator: " ")): \(ended): \(trouble.withLock { $0 })\(text)")
        }
        return text
    }

    /// Starts a command in the background and leaves its process id in a file.
    ///
    /// It keeps none of our descriptors: Foundation takes a child for running as long as anybody holds the one that it gave it.
    public static func launch(_ command: String, pidFile: String) throws {
        try run(
            """
            bash -c 'for fd in /proc/self/fd/*; do fd=${fd##*/}; if ((fd > 2)); then eval "exec $fd>&-"; fi; done; exec "$@"' \
              bash \(command) </dev/null >/dev/null 2>&1 &
            echo $! > '\(pidFile)'
            """)
    }

    /// Foundation's own read ends the process when a signal interrupts it, as the one of a test that exits does.
    private static func readToEnd(_ descriptor: CInt) -> String {
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count > 0 { bytes += chunk[0..<count] } else if count == 0 || errno != EINTR { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
