import CgroupPty
import Glibc

/// The directory of the index and the files in it, which nobody but their owner may read: commands and paths are in
/// them.
struct IndexDirectory: Sendable {
    /// Where it is.
    let path: String

    /// The database.
    var database: String { path + "/index.db" }
    /// The file whose lock makes its holder the one writer.
    var lock: String { path + "/index.lock" }

    /// Takes a path; a `/` at its end is dropped.
    init(path: String) {
        var path = path[...]
        while path.count > 1, path.last == "/" { path.removeLast() }
        self.path = String(path)
    }

    /// Makes the directory, and those above it that are missing, for their owner alone; takes rights of others back.
    /// - Throws: ``SystemCallFailure`` as ``PrivateDirectory/make(_:user:)``, also for a directory that belongs to somebody else.
    func prepare() throws(SystemCallFailure) { try PrivateDirectory.make(path) }

    /// Makes the database an empty file for its owner alone, unless it is there; takes rights of others back.
    ///
    /// SQLite would make it readable for all (`0644` less the umask), and gives the `-wal` and `-shm` files the rights
    /// of the database. A database that is there is not opened here: the close would drop SQLite's own locks on it.
    ///
    /// See: https://www.sqlite.org/howtocorrupt.html, 2.2
    /// - Throws: ``SystemCallFailure`` from `open`, `stat` or `chmod`.
    func prepareDatabase() throws(SystemCallFailure) {
        do {
            _ = try OwnedFileDescriptor.open(path: database, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        } catch {
            guard error.errno == EEXIST else { throw error }
        }
        for file in [database, database + "-wal", database + "-shm"] {
            do {
                try restrict(file)
            } catch {
                guard error.errno == ENOENT, file != database else { throw error }
            }
        }
    }

    /// Which file lies at a path, a link followed as SQLite follows it.
    ///
    /// Not by a descriptor, whose close would drop SQLite's own locks on the file.
    ///
    /// See: stat(2)
    static func identity(of path: String) throws(SystemCallFailure) -> FileIdentity {
        var status = stat()
        try retryingInterrupted("stat", path) { stat(path, &status) }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// Whether that file, and no other, lies at a path.
    static func lies(_ file: FileIdentity, at path: String) throws(SystemCallFailure) -> Bool {
        do throws(SystemCallFailure) {
            return try identity(of: path) == file
        } catch {
            if error.errno == ENOENT { return false }
            throw error
        }
    }

    /// Takes the rights of others on a file back.
    private func restrict(_ file: String) throws(SystemCallFailure) {
        var status = stat()
        try retryingInterrupted("stat", file) { stat(file, &status) }
        if status.st_mode & 0o777 == 0o600 { return }
        try retryingInterrupted("chmod", file) { chmod(file, 0o600) }
    }
}
