import Glibc
import HostClient
import HostProtocol

/// What is settled before anything is sent.
extension AttachRun {
    /// Refuses a stdin that nobody can type at.
    ///
    /// A terminal is what attaching is for; a pipe or a socket is a program that types. Anything else (a file, `/dev/null`,
    /// a closed descriptor) is most likely a mistake.
    static func checkTerminal(isReadOnly: Bool) throws(CommandFailure) {
        if isReadOnly || isatty(STDIN_FILENO) == 1 { return }
        var status = stat()
        let kind = fstat(STDIN_FILENO, &status) == 0 ? status.st_mode & S_IFMT : 0
        if kind == S_IFIFO || kind == S_IFSOCK { return }
        throw .refused(
            """
            Attaching needs a terminal, and stdin is none. To type a text use `corral session send`, to see the output use \
            `corral session read` or `corral attach --read-only`; a pipe on stdin is typed as it comes.
            """
        )
    }

    /// Refuses to show a session in itself: its output would be its input for ever.
    ///
    /// Another host may have a session of the same name.
    func checkNesting(environment: [String: String]) async throws {
        guard environment["CORRAL_SESSION"] == session else { return }
        let instance = try await client.status().instance
        guard environment["CORRAL_INSTANCE"] == instance else { return }
        throw CommandFailure.refused("This is session \(session). It cannot be attached to from inside itself.")
    }

    /// What is told before the terminal is the session's.
    static func greeting(session: String, keys: DetachKeys, isReadOnly: Bool, isTerminal: Bool) -> String {
        var parts = ["attached to \(session)"]
        if isReadOnly { parts.append("read-only") }
        if isTerminal {
            parts.append(keys.keys.isEmpty ? "no keys detach" : "detach with \(keys.description)")
        }
        return "[\(parts.joined(separator: "; "))]"
    }
}
