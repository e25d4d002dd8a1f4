import CgroupPty
import Glibc

/// The command that a session's leader becomes, found before anything is started.
struct SessionCommand: Sendable, Equatable {
    /// Absolute path of the executable.
    var path: String
    /// The arguments, the name first.
    var arguments: [String]

    /// The account's login shell as a login shell: its name begins with `-`. See: login(1), bash(1) INVOCATION
    static func loginShell(_ account: LoginAccount) -> SessionCommand {
        let name = account.shell.split(separator: "/" as Character).last.map(String.init) ?? account.shell
        return SessionCommand(path: account.shell, arguments: ["-" + name])
    }

    /// Finds a command as a shell would: a name with a slash is a path from the working directory, another is looked for in
    /// `PATH`.
    /// - Throws: ``HostFailure/execFailed(_:)`` naming the command and where it was looked for.
    static func find(_ command: [String], directory: String, path: String) throws(HostFailure) -> SessionCommand {
        guard let name = command.first, !name.isEmpty else {
            throw .invalidRequest(
                "command: its first item is empty; give a command or leave it out for the login shell")
        }
        if name.contains("/") {
            return SessionCommand(path: name.hasPrefix("/") ? name : directory + "/" + name, arguments: command)
        }
        for place in path.split(separator: ":" as Character) {
            let candidate = "\(place)/\(name)"
            var status = stat()
            guard lstat(candidate, &status) == 0, access(candidate, X_OK) == 0 else { continue }
            if status.st_mode & S_IFMT != S_IFDIR { return SessionCommand(path: candidate, arguments: command) }
        }
        throw .execFailed("start \(name): there is no such command in PATH (\(path)); no process was started")
    }
}
