import Glibc

/// A directory that is its user's alone, as those of index, socket and claims are: nobody else may look into it, put a file there for
/// us to find, or take one away.
public enum PrivateDirectory {
    /// Makes the directory, and those above it that are missing, with mode 0700; takes the rights of others back from one that is there.
    ///
    /// The one that was looked at is the one that is changed. A link to it is followed: what counts is whose it is in the end.
    ///
    /// See: mkdir(2), fstat(2), fchmod(2)
    /// - Parameters:
    ///   - path: relative or absolute.
    ///   - user: whose it must be, the process's effective user when absent; somebody else only in tests.
    /// - Throws: ``SystemCallFailure``; `EPERM` when the directory belongs to somebody else, whom the subject names. Nothing was made
    ///   in it then.
    public static func make(_ path: String, user: UInt32? = nil) throws(SystemCallFailure) {
        var partial = ""
        for component in path.split(separator: "/" as Character) {
            partial += (partial.isEmpty && !path.hasPrefix("/") ? "" : "/") + component
            try make(one: partial)
        }
        let directory = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY | O_DIRECTORY)
        var status = stat()
        try retryingInterrupted("fstat", path) { directory.withRawValue { fstat($0, &status) } }
        let user = user ?? geteuid()
        guard status.st_uid == user else {
            throw SystemCallFailure(
                call: "use", subject: "\(path), which belongs to uid \(status.st_uid) and not to \(user)", errno: EPERM)
        }
        guard status.st_mode & 0o777 != 0o700 else { return }
        try retryingInterrupted("fchmod", path) { directory.withRawValue { fchmod($0, 0o700) } }
    }

    private static func make(one path: String) throws(SystemCallFailure) {
        do throws(SystemCallFailure) {
            try retryingInterrupted("mkdir", path) { mkdir(path, 0o700) }
        } catch {
            // A file system that cannot be written may say so of a directory that is there.
            guard error.errno == EEXIST || error.errno == EROFS && access(path, F_OK) == 0 else { throw error }
        }
    }
}
