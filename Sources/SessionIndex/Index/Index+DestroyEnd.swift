public import CgroupPty
public import FoundationEssentials
import GRDB

extension Index {
    /// Gives a delete up, and the workspace back.
    ///
    /// One transaction: an active workspace is `active` again, one that had failed `failed`, and one that was still
    /// being created has `failed` too; the destroy row goes, the receipt is finished. Sessions that were ended stay
    /// ended.
    /// - Parameters:
    ///   - receiptBody: The receipt's last body.
    ///   - detail: The workspace's detail, nil for none.
    /// - Returns: Whether a delete of the workspace was under way.
    public func restoreWorkspace(
        _ workspace: WorkspaceID, receiptBody: String, detail: String?, at: Date
    ) async throws(IndexFailure) -> Bool {
        try await write("restore workspace", workspace.rawValue) { database in
            guard let destroy = try DestroyRow.fetchFirst(database, "WHERE workspace_id = ?", [workspace.rawValue])
            else { return false }
            try database.change("DELETE FROM destroy WHERE workspace_id = ?", [workspace.rawValue])
            try database.change(
                "UPDATE workspace SET state = ?, detail = ? WHERE id = ?",
                [destroy.restoredState.rawValue, detail, workspace.rawValue])
            try ReceiptRow.finish(database, destroy.receiptID, body: receiptBody, at: at)
            return true
        }
    }

    /// Ends a delete: the last transaction of the saga.
    ///
    /// Rows of the workspace that are `exited` or `disposed` are pruned, and their ids stay spent while the receipt is
    /// kept. The workspace's row goes; the foreign key sets the workspace of all other rows to null, so that a session
    /// whose kill failed stays, and is the reaper's. The trash name joins ``trash()``, the destroy row goes, the
    /// receipt is finished.
    /// - Parameter receiptBody: The receipt's last body.
    /// - Returns: Whether a delete of the workspace was under way.
    public func finishDestroy(
        _ workspace: WorkspaceID, receiptBody: String, at: Date
    ) async throws(IndexFailure) -> Bool {
        try await write("finish the delete of workspace", workspace.rawValue) { database in
            guard let destroy = try DestroyRow.fetchFirst(database, "WHERE workspace_id = ?", [workspace.rawValue])
            else { return false }
            let ended = "FROM session WHERE origin_workspace_id = ? AND status IN ('exited', 'disposed')"
            try database.change(
                "INSERT OR REPLACE INTO spent_session (id, receipt_id) SELECT id, ? \(ended)",
                [destroy.receiptID, workspace.rawValue])
            try database.change("DELETE \(ended)", [workspace.rawValue])
            try database.change("DELETE FROM destroy WHERE workspace_id = ?", [workspace.rawValue])
            try database.change("DELETE FROM workspace WHERE id = ?", [workspace.rawValue])
            if let name = destroy.trashName {
                try database.change("INSERT OR IGNORE INTO trash (name) VALUES (?)", [name])
            }
            try ReceiptRow.finish(database, destroy.receiptID, body: receiptBody, at: at)
            return true
        }
    }
}
