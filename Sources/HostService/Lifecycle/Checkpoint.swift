import CgroupPty
import Glibc

/// A named place in the course of a create, a delete or a pass, at which a test can stop or kill the host.
///
/// The seam through which races and crashes are tested without sleeping. Compiled in, and off unless the environment of the
/// host names a directory in `CORRAL_TEST_CHECKPOINTS`. Then, when the host reaches a place and the directory holds
/// * a FIFO of that name: the host writes `reached` to it and reads from it until a writer closes it;
/// * a file `NAME.kill`: the host sends itself SIGKILL.
enum Checkpoint: String, CaseIterable, Sendable {
    case sessionInserted, leaderParked, scopeStarted, leaderVerified, sessionActivated, leaderReleased
    case workspaceInserted, worktreeAdded, workspaceActivated
    /// After it: what a test waits for is that the screen was kept.
    case screenKept
    case killStamped, scopeEnded, endRecorded
    case destroyTombstone, destroyTeardown, destroyStop, destroyStopped, destroyEscapes, destroyRecheck
    case destroyWorktree, destroyMovedAside, destroyBranch, destroyFinish, destroyFinished
    /// At a start, before the deletes of an earlier host go on.
    case destroysInherited
    case trashBegun

    /// Stops or dies here if a test asked for it.
    func reach(in directory: String?) async {
        guard let directory else { return }
        let path = directory + "/" + rawValue
        if access(path + ".kill", F_OK) == 0 { raise(SIGKILL) }
        guard access(path, F_OK) == 0 else { return }
        // Opening a FIFO waits for the other end, so this must not hold a thread of the pool.
        await BlockingExecutor(label: "checkpoint").run {
            do throws(SystemCallFailure) {
                try OwnedFileDescriptor.open(path: path, flags: O_WRONLY).writeAll("reached\n".utf8, name: path)
                _ = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).readToEnd(name: path)
            } catch {
                // The test is gone: go on as if nothing had been asked.
            }
        }
        if access(path + ".kill", F_OK) == 0 { raise(SIGKILL) }
    }
}
