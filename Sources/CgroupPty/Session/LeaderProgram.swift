import Glibc

/// The small program that a session's leader is until it becomes its command.
///
/// It is opened once and executed by its descriptor: a service goes on with the one that it began with, whatever an upgrade puts
/// in its place.
public final class LeaderProgram: Sendable {
    /// The program's file name.
    public static let name = "corral-leader"

    /// Where it was found.
    public let path: String
    let file: OwnedFileDescriptor

    private init(path: String, file: consuming OwnedFileDescriptor) {
        self.path = path
        self.file = file
    }

    /// Finds the one that belongs to this process's own program: beside it, or where a package puts it.
    /// - Throws: ``SystemCallFailure`` from `open`, of the place beside the own program when there is none.
    public static func find() throws(SystemCallFailure) -> LeaderProgram {
        let own = try Successor.ownPath()
        let directory = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? ""
        do throws(SystemCallFailure) {
            return try open("\(directory)/\(name)")
        } catch {
            guard error.errno == ENOENT else { throw error }
            let packaged = "\(directory)/../libexec/corral/\(name)"
            do throws(SystemCallFailure) { return try open(packaged) } catch _ where error.errno == ENOENT {}
            throw error
        }
    }

    private static func open(_ path: String) throws(SystemCallFailure) -> LeaderProgram {
        let file = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY)
        guard faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 else {
            throw SystemCallFailure(call: "execute", subject: path, errno: errno)
        }
        return LeaderProgram(path: path, file: file)
    }
}
