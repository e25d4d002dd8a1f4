import CgroupPty
import GRDB

/// Changes that wait while others are being written, and then go to the disk together.
///
/// A commit waits for the disk, and the end of a workspace with 400 sessions has 800 changes. Guarantees what a transaction for each
/// would: a change is on the disk when its caller is answered; changes are made in the order in which they came; one that fails takes no
/// other with it. For that a transaction in which anything fails is rolled back, and each of its changes is tried alone: a change may be
/// made twice, and must do nothing but change the database. Refuses together those that come while another process holds the lock for
/// longer than a change waits: each has waited as long as it may.
///
/// See: sqlite.org/wal.html, "Performance Considerations"; postgresql.org/docs/current/wal-configuration.html, of group commit
final class GroupCommit: Sendable {
    /// One change, and its caller.
    struct Change: Sendable {
        /// Makes it, and returns how the caller is answered once it is on the disk.
        let make: @Sendable (Database) throws -> @Sendable () -> Void
        /// Tells the caller that nothing was changed.
        let refuse: @Sendable (any Error) -> Void
    }

    private let pool: DatabasePool
    private let waiting = Locked<[Change]>([])

    /// Takes the database whose only writer this is in this process.
    init(_ pool: DatabasePool) {
        self.pool = pool
    }

    /// Takes a change over. Waits for nothing.
    func add(_ change: Change) {
        waiting.withLock { changes in
            changes.append(change)
            // The others are taken in its turn. Under the lock, so that a close that comes later finds it before itself.
            guard changes.count == 1 else { return }
            pool.asyncWriteWithoutTransaction { [self] database in
                let changes = waiting.withLock { changes in
                    defer { changes = [] }
                    return changes
                }
                Self.commit(changes[...], database)
            }
        }
    }

    private static func commit(_ changes: ArraySlice<Change>, _ database: Database) {
        var answers: [@Sendable () -> Void] = []
        var isBegun = false
        do {
            try database.inTransaction {
                isBegun = true
                answers = try changes.map { try $0.make(database) }
                return .commit
            }
            for answer in answers { answer() }
        } catch {
            if isBegun, changes.count > 1 {
                for place in changes.indices { commit(changes[place...place], database) }
            } else {
                for change in changes { change.refuse(error) }
            }
        }
    }
}
