import CgroupPty
import GRDB
import Glibc

extension Index {
    /// Looks whether a start could open and read the index of a directory, and changes nothing there.
    ///
    /// Blocks while all pages are read, so it is for a thread of its own. Not for a process that has the index open: its locks would go.
    ///
    /// SQLite makes `-wal` and `-shm` files beside a database in WAL mode even for a reader. Where there is no log, as after a host that
    /// was stopped, the file is all that there is and is read as immutable; a log that is there brings no new file with it but `-shm`.
    ///
    /// See: https://www.sqlite.org/wal.html "Read-Only Databases"; https://www.sqlite.org/pragma.html#pragma_quick_check
    /// - Parameter directory: Absolute path.
    /// - Returns: What the index says of the place and time of its last use; nil where there is no index yet, or an empty one.
    /// - Throws: ``IndexFailure``: `.newerSchema`, `.foreign`, `.corrupt`, `.unavailable`, `.system`.
    public static func examine(directory: String) throws(IndexFailure) -> InstanceFacts? {
        let path = IndexDirectory(path: directory).database
        let attempt = IndexFailure.Attempt(verb: "open index", subject: "", path: path)
        do {
            guard try isThere(path) else { return nil }
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let queue = try DatabaseQueue(path: try readOnlyName(path), configuration: configuration)
            return try queue.inDatabase { database in
                try IndexMigrations.check(database, path: path)
                let findings = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
                guard findings == ["ok"] else {
                    // Above the finding stands which database it is of.
                    let finding = findings.first?.split(separator: "\n").last
                    throw IndexFailure.corrupt(attempt, message: finding.map(String.init) ?? "no answer")
                }
                guard try database.tableExists(InstanceFacts.table) else { return nil }
                return try InstanceFacts.fetchFirst(database, "")
            }
        } catch let failure as SystemCallFailure {
            throw .system(failure)
        } catch {
            throw IndexFailure(error, attempt: attempt)
        }
    }

    /// Whether a database is there that a start would take.
    private static func isThere(_ path: String) throws(SystemCallFailure) -> Bool {
        var status = stat()
        do throws(SystemCallFailure) {
            try retryingInterrupted("lstat", path) { lstat(path, &status) }
        } catch {
            if error.errno == ENOENT { return false }
            throw error
        }
        let refusal: CInt? =
            switch status.st_mode & S_IFMT {
            case S_IFREG: status.st_uid == geteuid() || geteuid() == 0 ? nil : EPERM
            case S_IFLNK: ELOOP
            case S_IFDIR: EISDIR
            default: ENOTSUP
            }
        if let refusal { throw SystemCallFailure(call: "use as the index", subject: path, errno: refusal) }
        return true
    }

    private static func readOnlyName(_ path: String) throws -> String {
        var status = stat()
        if stat(path + "-wal", &status) == 0, status.st_size > 0 { return path }
        // A library that takes no URI would take it for a name.
        let takesURI = try DatabaseQueue().inDatabase { database in
            try Bool.fetchOne(database, sql: "SELECT sqlite_compileoption_used('USE_URI')")
        }
        guard takesURI == true else { return path }
        let name = path.replacing("%", with: "%25").replacing("?", with: "%3f").replacing("#", with: "%23")
        return "file:\(name)?immutable=1"
    }
}
