public import CgroupPty
public import FoundationEssentials

/// What the index says of a workspace.
///
/// `creating → active | failed → deleting`. The row with its path is written before anything is made on disk, and goes
/// with the last transaction of its delete.
public struct WorkspaceRow: Sendable, Equatable {
    /// Whether Corral made the directory, and so may remove it.
    public enum Kind: String, Sendable, CaseIterable {
        /// A git worktree that Corral created and removes.
        case worktree
        /// A directory that was there before; it is never removed from disk.
        case adopted
    }

    /// Where the workspace is in its life.
    public enum State: String, Sendable, CaseIterable {
        /// Its directory is being made, its setup script may run.
        case creating
        /// Sessions can be started in it.
        case active
        /// Its creation went wrong; it is kept so that a person can look, and can only be deleted.
        case failed
        /// A destroy saga owns it; nothing can be started in it but its teardown script.
        case deleting
    }

    /// Names the workspace, its slice and its receipts.
    public var id: WorkspaceID
    /// What people call it. Not unique.
    public var name: String
    /// Whether its directory is Corral's to remove.
    public var kind: Kind
    /// Where it is in its life.
    public var state: State
    /// Real path of the repository, nil for an adopted directory outside any repository.
    public var repository: String?
    /// Short name of the branch, nil for a detached HEAD or outside any repository.
    public var branch: String?
    /// Absolute path of the working directory.
    public var path: String
    /// Device and inode of the working directory as they were when it was made; nil until then.
    public var worktreeIdentity: FileIdentity?
    /// The creating request as canonical JSON. A second request with the same id is the same request when this is
    /// equal.
    public var request: String
    /// Why it failed, or why its delete is not done yet, in words.
    public var detail: String?
    /// When the row was written, to the millisecond.
    public var createdAt: Date
    /// Whether the branch came into being with the workspace.
    public var branchWasCreated: Bool
    /// What its slice is limited to whenever there is one.
    public var limits: ResourceLimits
    /// Seconds of no use after which it is frozen; 0 for never, nil for what the host is told.
    public var freezeIdle: Int?
    /// When it is deleted by itself, to the millisecond; nil for never.
    public var expiresAt: Date?

    /// Makes a row. `createdAt` is rounded to the millisecond, so that the row equals itself when it is read back.
    public init(
        id: WorkspaceID, name: String, kind: Kind, state: State, repository: String?, branch: String?, path: String,
        worktreeIdentity: FileIdentity? = nil, request: String, detail: String? = nil, createdAt: Date,
        branchWasCreated: Bool = false, limits: ResourceLimits = ResourceLimits(), freezeIdle: Int? = nil,
        expiresAt: Date? = nil
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.state = state
        self.repository = repository
        self.branch = branch
        self.path = path
        self.worktreeIdentity = worktreeIdentity
        self.request = request
        self.detail = detail
        self.createdAt = StoredDate.rounded(createdAt)
        self.branchWasCreated = branchWasCreated
        self.limits = limits
        self.freezeIdle = freezeIdle
        self.expiresAt = expiresAt.map(StoredDate.rounded)
    }
}
