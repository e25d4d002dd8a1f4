public import CgroupPty
public import FoundationEssentials
import GRDB

extension Index {
    /// Begins a delete: from here on nothing is started in the workspace but its teardown script.
    ///
    /// One transaction: the state becomes `deleting`, the destroy row and the receipt are written.
    /// - Parameters:
    ///   - receipt: Of this workspace; its body is what is known so far. Its id must be new.
    ///   - options: What the caller chose, as JSON that the index does not look into.
    ///   - onlyIfExpired: Only a workspace whose time is over at `at`: somebody may have given it more since that was judged.
    public func tombstone(
        _ workspace: WorkspaceID, receipt: ReceiptRow, options: String, at: Date, onlyIfExpired: Bool = false
    ) async throws(IndexFailure) -> TombstoneOutcome {
        precondition(receipt.workspaceID == workspace, "the receipt is another workspace's")
        return try await write("write the tombstone of workspace", workspace.rawValue) { database in
            if let destroy = try DestroyRow.fetchFirst(database, "WHERE workspace_id = ?", [workspace.rawValue]) {
                return .alreadyDeleting(destroy)
            }
            guard let row = try WorkspaceRow.fetchFirst(database, "WHERE id = ?", [workspace.rawValue]) else {
                return .missing
            }
            if onlyIfExpired, row.expiresAt.map({ $0 > at }) ?? true { return .notExpired }
            let destroy = DestroyRow(
                workspaceID: workspace, receiptID: receipt.id, options: options, previousState: row.state, startedAt: at
            )
            try database.change("UPDATE workspace SET state = 'deleting' WHERE id = ?", [workspace.rawValue])
            try receipt.insert(database)
            try destroy.insert(database)
            return .begun(destroy)
        }
    }

    /// Records a step of a delete, before it acts (I7).
    ///
    /// The step is added to the history of the receipt, which keeps the newest 1,000: a delete that cannot finish is
    /// tried again for as long as it takes (I8). One step every two minutes fills that in a day and a half.
    /// - Parameter receiptBody: The receipt as it is then.
    /// - Returns: Whether a delete of the workspace is under way.
    public func recordStep(
        _ workspace: WorkspaceID, step: String, receiptBody: String, at: Date
    ) async throws(IndexFailure) -> Bool {
        try await write("record step \(step) of workspace", workspace.rawValue) { database in
            guard let destroy = try DestroyRow.fetchFirst(database, "WHERE workspace_id = ?", [workspace.rawValue])
            else { return false }
            try database.change("UPDATE destroy SET step = ? WHERE workspace_id = ?", [step, workspace.rawValue])
            try database.change("UPDATE receipt SET body = ? WHERE id = ?", [receiptBody, destroy.receiptID])
            try database.change(
                "INSERT INTO destroy_step (receipt_id, step, at) VALUES (?, ?, ?)",
                [destroy.receiptID, step, StoredDate.text(at)])
            try database.change(
                """
                DELETE FROM destroy_step WHERE receipt_id = ? AND number <= (
                    SELECT number FROM destroy_step WHERE receipt_id = ? ORDER BY number DESC LIMIT 1 OFFSET ?)
                """,
                [destroy.receiptID, destroy.receiptID, 1000])
            return true
        }
    }

    /// The recorded steps of a delete, the oldest first.
    public func steps(_ receiptID: String) async throws(IndexFailure) -> [StepRow] {
        try await read("read the steps of receipt", receiptID) { database in
            try StepRow.fetch(database, "WHERE receipt_id = ? ORDER BY number", [receiptID])
        }
    }

    /// Replaces the options of a delete. The caller has merged them.
    /// - Returns: Whether a delete of the workspace is under way.
    public func setDestroyOptions(_ workspace: WorkspaceID, options: String) async throws(IndexFailure) -> Bool {
        try await write("set the options of the delete of workspace", workspace.rawValue) { database in
            try database.change(
                "UPDATE destroy SET options = ? WHERE workspace_id = ?", [options, workspace.rawValue]) == 1
        }
    }

    /// Records the name that the worktree gets in the trash directory, before it is moved there (I7).
    /// - Returns: Whether a delete of the workspace is under way.
    public func setTrashName(_ workspace: WorkspaceID, name: String) async throws(IndexFailure) -> Bool {
        try await write("set the trash name of workspace", workspace.rawValue) { database in
            try database.change(
                "UPDATE destroy SET trash_name = ? WHERE workspace_id = ?", [name, workspace.rawValue]) == 1
        }
    }

    /// Records whom a delete has seen inside, before it signals anybody: afterwards nothing could prove any more whose they were (I7).
    /// - Returns: Whether a delete of the workspace is under way.
    public func setWitnesses(_ workspace: WorkspaceID, witnesses: String) async throws(IndexFailure) -> Bool {
        try await write("set the witnesses of the delete of workspace", workspace.rawValue) { database in
            try database.change(
                "UPDATE destroy SET witnesses = ? WHERE workspace_id = ?", [witnesses, workspace.rawValue]) == 1
        }
    }

    /// Counts a try of a delete.
    /// - Returns: How many there were, this one included; nil when no delete of the workspace is under way.
    @discardableResult
    public func countAttempt(_ workspace: WorkspaceID) async throws(IndexFailure) -> Int? {
        try await write("count an attempt to delete workspace", workspace.rawValue) { database in
            try database.change(
                "UPDATE destroy SET attempts = attempts + 1 WHERE workspace_id = ?", [workspace.rawValue])
            return try DestroyRow.fetchFirst(database, "WHERE workspace_id = ?", [workspace.rawValue])?.attempts
        }
    }

    /// The deletes that are under way, the oldest first: what a start resumes.
    public func destroys() async throws(IndexFailure) -> [DestroyRow] {
        try await read("read deletes", "") { database in
            try DestroyRow.fetch(database, "ORDER BY started_at, workspace_id")
        }
    }

    /// The delete of a workspace, nil when none is under way.
    public func destroy(_ workspace: WorkspaceID) async throws(IndexFailure) -> DestroyRow? {
        try await read("read the delete of workspace", workspace.rawValue) { database in
            try DestroyRow.fetchFirst(database, "WHERE workspace_id = ?", [workspace.rawValue])
        }
    }
}
