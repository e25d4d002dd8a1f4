import CgroupPty

/// Something that git does in several steps and that a worktree can be in the middle of.
enum GitOperation: String, Sendable, CaseIterable {
    case merge, rebase, am, revert, bisect
    case cherryPick = "cherry-pick"
    /// A sequence of cherry-picks or reverts that stopped between two commits.
    case sequence = "sequence of commits"

    /// Reads from a worktree's own git directory what it is in the middle of.
    ///
    /// The files are those by which git itself knows (wt-status.c, wt_status_get_state).
    /// - Throws: ``SystemCallFailure`` for any answer but `ENOENT`.
    static func inProgress(gitDirectory: ByteString) throws(SystemCallFailure) -> [GitOperation] {
        func has(_ name: ByteString) throws(SystemCallFailure) -> Bool {
            try gitDirectory.appending(name).status() != nil
        }
        var found: [GitOperation] = []
        if try has("MERGE_HEAD") { found.append(.merge) }
        if try has("rebase-apply") {
            found.append(try has("rebase-apply/applying") ? .am : .rebase)
        } else if try has("rebase-merge") {
            found.append(.rebase)
        }
        if try has("CHERRY_PICK_HEAD") { found.append(.cherryPick) }
        if try has("REVERT_HEAD") { found.append(.revert) }
        if try has("BISECT_LOG") { found.append(.bisect) }
        if found.isEmpty, try has("sequencer/todo") { found.append(.sequence) }
        return found
    }
}
