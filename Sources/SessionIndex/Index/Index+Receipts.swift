public import CgroupPty
import FoundationEssentials
import GRDB

extension Index {
    /// Replaces the body of a receipt.
    /// - Returns: Whether there is such a receipt.
    public func saveReceipt(_ id: String, body: String) async throws(IndexFailure) -> Bool {
        try await write("save receipt", id) { database in
            try database.change("UPDATE receipt SET body = ? WHERE id = ?", [body, id]) == 1
        }
    }

    /// The receipt, nil when there is no such one.
    public func receipt(_ id: String) async throws(IndexFailure) -> ReceiptRow? {
        try await read("read receipt", id) { database in
            try ReceiptRow.fetchFirst(database, "WHERE id = ?", [id])
        }
    }

    /// The newest receipt of a workspace, finished or not; nil when it was never deleted.
    public func receipt(ofWorkspace workspace: WorkspaceID) async throws(IndexFailure) -> ReceiptRow? {
        try await read("read the receipt of workspace", workspace.rawValue) { database in
            try ReceiptRow.newest(database, of: workspace)
        }
    }

    /// Receipts, the newest first.
    /// - Parameters:
    ///   - workspace: Only those of this workspace; nil: all.
    ///   - limit: At most so many.
    public func receipts(
        workspace: WorkspaceID? = nil, limit: Int
    ) async throws(IndexFailure) -> [ReceiptRow] {
        try await read("read receipts", workspace?.rawValue ?? "") { database in
            let only = workspace == nil ? "" : "WHERE workspace_id = ?"
            return try ReceiptRow.fetch(
                database, "\(only) \(ReceiptRow.newestFirst) LIMIT ?",
                (workspace.map { [$0.rawValue] } ?? []) + [max(0, limit)])
        }
    }
}

extension ReceiptRow {
    /// Orders by creation, backwards.
    static let newestFirst = "ORDER BY created_at DESC, rowid DESC"

    /// The newest receipt of a workspace.
    static func newest(_ database: Database, of workspace: WorkspaceID) throws -> ReceiptRow? {
        try fetchFirst(database, "WHERE workspace_id = ? \(newestFirst)", [workspace.rawValue])
    }

    /// Writes the last body of a receipt, and that it is the last.
    static func finish(_ database: Database, _ id: String, body: String, at: Date) throws {
        try database.change(
            "UPDATE receipt SET body = ?, finished_at = ? WHERE id = ?", [body, StoredDate.text(at), id])
    }
}
