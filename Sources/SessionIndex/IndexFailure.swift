public import CgroupPty

/// What the index cannot handle, and its callers neither: they forward it, and refuse what depends on it.
///
/// What a caller must handle (an id in use, a workspace that is going away) is an outcome, never one of these.
public enum IndexFailure: Error, Sendable, Equatable {
    /// What was tried, on what, in which file.
    public struct Attempt: Sendable, Equatable, CustomStringConvertible {
        /// In the imperative: `insert session`.
        public let verb: String
        /// An id or a name, empty where the verb says it all.
        public let subject: String
        /// The database's file.
        public let path: String

        /// Names an attempt.
        public init(verb: String, subject: String, path: String) {
            self.verb = verb
            self.subject = subject
            self.path = path
        }

        /// For instance `insert session s9x1 in /var/lib/corral/index.db`.
        public var description: String {
            subject.isEmpty ? "\(verb) in \(path)" : "\(verb) \(subject) in \(path)"
        }
    }

    /// Another process has the index, or this one has it a second time. The holder is nil when it left no number.
    case locked(directory: String, holder: ProcessID?)
    /// The database was written by a later release; these of its migrations are not known here.
    case newerSchema(path: String, migrations: [String])
    /// The file is a database of some other program, with this number in its header.
    case foreign(path: String, applicationID: Int32)
    /// There is no room on the disk, or none left of the quota.
    case full(Attempt)
    /// The file is no database, or a part of it makes no sense.
    case corrupt(Attempt, message: String)
    /// The file was removed, or another one was put in its place, since it was opened.
    case displaced(Attempt)
    /// SQLite refused for another reason; `code` is its extended result code.
    case unavailable(Attempt, code: Int32, message: String)
    /// A system call on the directory or on the lock failed.
    case system(SystemCallFailure)
}

extension IndexFailure: CustomStringConvertible {
    /// What was tried, on what, the answer, the consequence.
    public var description: String {
        switch self {
        case .locked(let directory, let holder):
            "lock the index in \(directory): held by \(holder.map { "process \($0)" } ?? "another process"); "
                + "an index has one writer, so it was not opened"
        case .newerSchema(let path, let migrations):
            "open index in \(path): it was written by a later release of Corral (unknown here: "
                + "\(migrations.joined(separator: ", "))); it was not opened and not changed"
        case .foreign(let path, let applicationID):
            "open index in \(path): it is a database of another program (application_id \(applicationID)); "
                + "it was not opened and not changed"
        case .full(let attempt):
            "\(attempt): no space is left on the disk or in the quota; nothing was changed"
        case .corrupt(let attempt, let message):
            "\(attempt): the file is damaged (\(message)); nothing was changed"
        case .displaced(let attempt):
            "\(attempt): the file that was opened no longer lies there (removed, or replaced by another one); nothing was "
                + "changed; put it back, or end this process and start it with what is there now"
        case .unavailable(let attempt, let code, let message):
            "\(attempt): \(message) (SQLite \(code)); nothing was changed"
        case .system(let failure):
            "\(failure); the index was not opened"
        }
    }
}
