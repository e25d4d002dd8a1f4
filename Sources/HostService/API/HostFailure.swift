/// What a client can be told went wrong, by kind. The text says what was tried, on what, the answer, the consequence.
///
/// Mapped to a status and a stable code in `APIError.swift` and nowhere else.
enum HostFailure: Error, Sendable, Equatable {
    case workspaceNotFound(String)
    case sessionNotFound(String)
    case receiptNotFound(String)
    case repositoryNotFound(String)
    /// Nobody of the workspace waits at the port.
    case portNotFound(String)
    /// A value in the request cannot be used; says which and why.
    case invalidRequest(String)
    /// An id is taken by an object with other parameters, or by one that has ended.
    case idUsed(String)
    case conflict(String)
    /// Work would be lost. Nothing was changed.
    case dirty(String)
    /// The repository's own checkout is never deleted.
    case mainWorktree(String)
    /// Another workspace or worktree lies at or below the path.
    case nestedWorktree(String)
    case branchCheckedOut(String)
    case workspaceDeleting(String)
    /// What it concerns is frozen, by itself or with what it lies in.
    case frozen(String)
    /// Nothing runs where something was to be frozen.
    case nothingToFreeze(String)
    /// A process did not stop in time, or systemd would not; it was thawed again.
    case freezeFailed(String)
    /// The session has ended or its terminal is not held.
    case sessionEnded(String)
    case terminalLost(String)
    /// The process leads a session, and can only be ended with it.
    case sessionLeader(String)
    /// The session could not be started; nothing of it is left.
    case startFailed(String)
    /// The command could not be executed; nothing of it is left.
    case execFailed(String)
    case ptyExhausted(String)
    case limitReached(String)
    /// A limit of memory, processors, tasks or disks cannot be enforced here, or does not hold.
    case limitUnavailable(String)
    /// The terminal does not take more input now.
    case inputFull(String)
    /// systemd cannot be reached; nothing was started.
    case systemdUnreachable(String)
    /// The state on disk could not be read or written; nothing was changed.
    case indexUnavailable(String)
    /// What runs could not be read from the kernel; nothing was done.
    case groundUnreadable(String)
    case gitFailed(String)
    case shuttingDown(String)
}

extension HostFailure: CustomStringConvertible {
    /// The text alone: it says what was tried and came of it.
    var description: String { APIError(self).detail }
}
