import CgroupPty
import Dispatch
import GRDB

/// The index: a SQLite database of what should live, kept so that a crash at any moment loses neither a kill nor a
/// delete.
///
/// It is a cache of intent. Where it and the kernel disagree about what lives, the kernel is right (I4), so nothing
/// here decides that anything lives or died; it only changes rows from states that were judged elsewhere. Every change
/// is made as a whole, is on the disk when the call returns (`synchronous=FULL`, ``GroupCommit``), and is conditional on
/// the state that it was judged from: a `false` means that somebody was quicker, and that nothing was changed.
///
/// SQLite goes on in a file that was removed, and nobody would ever read what it writes there; and a connection that it opens later
/// reads whatever lies in the place by then. So each call looks first whether the file still lies in its place, and fails with
/// ``IndexFailure/displaced(_:)`` when it does not.
///
/// Cancelling the task that calls changes nothing: a call once begun goes through (I7). There must be one writer, see
/// ``IndexLock``. SQLite waits up to 5 s for a lock that another process holds, for instance a backup.
public final class Index: Sendable {
    /// The database's file.
    public let path: String
    let pool: DatabasePool
    private let changes: GroupCommit
    /// The file that lies there, as long as nobody takes it away.
    private let identity: FileIdentity

    private init(path: String, pool: DatabasePool, identity: FileIdentity) {
        self.path = path
        self.pool = pool
        changes = GroupCommit(pool)
        self.identity = identity
    }

    /// Opens the index in a directory; makes both when they are missing, for their owner alone (`0700`, `0600`).
    ///
    /// A database of another program or of a later release is refused before anything is written to it. One of an
    /// earlier release is brought up to date.
    /// - Parameter directory: Absolute path. The caller holds its ``IndexLock``.
    /// - Throws: ``IndexFailure``: `.newerSchema`, `.foreign`, `.corrupt`, `.full`, `.unavailable`, `.system`.
    public static func open(directory: String) async throws(IndexFailure) -> Index {
        let result = await blocking.run { () -> Result<Index, IndexFailure> in
            let place = IndexDirectory(path: directory)
            let attempt = IndexFailure.Attempt(verb: "open index", subject: "", path: place.database)
            do {
                try place.prepare()
                try place.prepareDatabase()
                let pool = try openPool(place.database)
                return .success(
                    Index(path: place.database, pool: pool, identity: try IndexDirectory.identity(of: place.database)))
            } catch let failure as SystemCallFailure {
                return .failure(IndexFailure(failure, verb: attempt.verb, path: attempt.path))
            } catch {
                return .failure(IndexFailure(error, attempt: attempt))
            }
        }
        return try result.get()
    }

    /// Closes the database after the calls that are under way, in one file. Later calls fail with `.unavailable`.
    /// - Throws: ``IndexFailure/unavailable(_:code:message:)``; the index stays open then.
    public func close() async throws(IndexFailure) {
        let result = await Index.blocking.run { [pool, path, identity] () -> Result<Void, IndexFailure> in
            let attempt = IndexFailure.Attempt(verb: "close index", subject: "", path: path)
            return Result {
                try pool.close()
                // Another file there is none of ours, and where there is none this would make one.
                guard try IndexDirectory.lies(identity, at: path) else { return }
                // GRDB closes its read-only connections last, and they cannot fold the log in: a copy of `index.db` alone
                // would miss what is in it.
                let last = try DatabaseQueue(path: path)
                _ = try last.inDatabase { try $0.checkpoint(.truncate) }
                try last.close()
            }.mapError { IndexFailure($0, attempt: attempt) }
        }
        try result.get()
    }

    private static let blocking = BlockingExecutor(label: "corral.index.open")

    private static func openPool(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "corral.index"
        // GRDB's own is higher. To an ordinary user's process Linux does not give it, and libdispatch writes a line to the journal for
        // each thread that it is refused to.
        configuration.qos = .default
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // Before GRDB switches the journal mode, which is a write.
            if !database.configuration.readonly { try IndexMigrations.check(database, path: path) }
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { database in
            // GRDB sets NORMAL when it switches to WAL, after prepareDatabase: a power cut would take back what a
            // caller was told, such as a tombstone.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        try IndexMigrations.migrator.migrate(pool)
        return pool
    }
}

extension Index {
    private typealias Waiting<Answer> = CheckedContinuation<Result<Answer, IndexFailure>, Never>

    /// Runs `body` in a transaction that is on the disk when this returns. It may be run twice, the first time to be undone.
    /// - Parameters:
    ///   - verb: What is tried, in the imperative, for the failure's text.
    ///   - subject: What it is tried on.
    func write<Answer: Sendable>(
        _ verb: String, _ subject: String, _ body: @escaping @Sendable (Database) throws -> Answer
    ) async throws(IndexFailure) -> Answer {
        let attempt = IndexFailure.Attempt(verb: verb, subject: subject, path: path)
        // GRDB's own async functions stop at a cancellation of the task and throw; these do not (I7).
        let result = await withCheckedContinuation { (waiting: Waiting<Answer>) in
            changes.add(
                GroupCommit.Change(
                    make: { [self] database in
                        try requireFile(attempt)
                        let answer = try body(database)
                        return { waiting.resume(returning: .success(answer)) }
                    },
                    refuse: { waiting.resume(returning: .failure(IndexFailure($0, attempt: attempt))) }))
        }
        return try result.get()
    }

    /// Runs `body` on one consistent state of the database.
    /// - Parameters: As for ``write(_:_:_:)``.
    func read<Answer: Sendable>(
        _ verb: String, _ subject: String, _ body: @escaping @Sendable (Database) throws -> Answer
    ) async throws(IndexFailure) -> Answer {
        let attempt = IndexFailure.Attempt(verb: verb, subject: subject, path: path)
        let result = await withCheckedContinuation { (waiting: Waiting<Answer>) in
            pool.asyncRead { [self] database in
                waiting.resume(
                    returning: Result {
                        try requireFile(attempt)
                        return try body(try database.get())
                    }.mapError { IndexFailure($0, attempt: attempt) })
            }
        }
        return try result.get()
    }

    private func requireFile(_ attempt: IndexFailure.Attempt) throws {
        guard try IndexDirectory.lies(identity, at: path) else { throw IndexFailure.displaced(attempt) }
    }
}
