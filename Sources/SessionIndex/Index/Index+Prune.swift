public import FoundationEssentials
import GRDB

extension Index {
    /// Drops rows of ended sessions and finished receipts that are old or too many.
    ///
    /// Sessions that have not ended stay, whatever their age, and so do those with `on_exit=keep` that left processes
    /// in a workspace that is still there. With a receipt go the history of its steps and the spent ids: from then on
    /// they can be used again.
    /// - Parameters:
    ///   - endedBefore: What ended earlier goes.
    ///   - keepingAtMost: Of the rest, the newest so many of each kind stay (I8).
    /// - Returns: How many went.
    @discardableResult
    public func prune(endedBefore: Date, keepingAtMost: Int) async throws(IndexFailure) -> PruneCount {
        try await write("prune", "") { database in
            let ended = """
                status IN ('exited', 'disposed') AND NOT (status = 'exited' AND on_exit = 'keep'
                    AND COALESCE(members_left, 0) > 0 AND origin_workspace_id IS NOT NULL)
                """
            let sessions = try database.change(
                """
                DELETE FROM session WHERE (\(ended)) AND (ended_at < ? OR id NOT IN (
                    SELECT id FROM session WHERE \(ended) ORDER BY ended_at DESC, rowid DESC LIMIT ?))
                """,
                [StoredDate.text(endedBefore), max(0, keepingAtMost)])
            let receipts = try database.change(
                """
                DELETE FROM receipt WHERE finished_at IS NOT NULL AND (finished_at < ? OR id NOT IN (
                    SELECT id FROM receipt WHERE finished_at IS NOT NULL ORDER BY finished_at DESC, rowid DESC LIMIT ?))
                """,
                [StoredDate.text(endedBefore), max(0, keepingAtMost)])
            return PruneCount(sessions: sessions, receipts: receipts)
        }
    }
}
