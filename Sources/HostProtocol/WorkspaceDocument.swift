/// A workspace as clients see it.
public struct WorkspaceDocument: Codable, Sendable, Equatable {
    /// Whether Corral made the directory, and so may remove it.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// A git worktree that Corral created and removes.
        case worktree
        /// A directory that was there before; it is never removed from disk.
        case adopted
    }

    /// Where the workspace is in its life.
    public enum State: String, Codable, Sendable, CaseIterable {
        case creating, active, failed, deleting
    }

    /// `[a-z0-9]{4,32}`.
    public var id: String
    /// What the user calls it; unique names can stand in for the id on the command line.
    public var name: String
    public var kind: Kind
    public var state: State
    /// Real path of the repository, nil for an adopted directory outside any repository.
    @ExplicitNull public var repository: String?
    /// Short branch name, nil when the HEAD is detached or there is no repository.
    @ExplicitNull public var branch: String?
    /// Absolute path of the working directory.
    public var path: String
    /// The systemd slice that holds everything that runs in it.
    public var slice: String
    public var createdAt: Timestamp
    /// Sessions that have not ended.
    public var sessions: Int
    /// Why the state is `failed`, or why a delete is not done yet.
    @ExplicitNull public var detail: String?
    /// What its slice is limited to.
    public var limits: LimitsDocument
    /// What the kernel has of these limits now; nil where nothing is to be limited, or nothing runs, or it cannot be read.
    @ExplicitNull public var limitsInForce: LimitsDocument?
    /// Whether everything in its slice is frozen; nil when that could not be read.
    @ExplicitNull public var frozen: Bool?
    /// Seconds of no use after which it is frozen; nil for never.
    @ExplicitNull public var freezeIdle: Int?
    /// When it is deleted by itself; nil for never.
    @ExplicitNull public var expiresAt: Timestamp?

    /// Makes a document from its parts.
    public init(
        id: String, name: String, kind: Kind, state: State, repository: String?, branch: String?, path: String,
        slice: String, createdAt: Timestamp, sessions: Int, detail: String?,
        limits: LimitsDocument = LimitsDocument(), limitsInForce: LimitsDocument? = nil, frozen: Bool? = nil,
        freezeIdle: Int? = nil, expiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.state = state
        self.repository = repository
        self.branch = branch
        self.path = path
        self.slice = slice
        self.createdAt = createdAt
        self.sessions = sessions
        self.detail = detail
        self.limits = limits
        self.limitsInForce = limitsInForce
        self.frozen = frozen
        self.freezeIdle = freezeIdle
        self.expiresAt = expiresAt
    }
}

/// Asks for a workspace: a new worktree of `repository`, or the adoption of the directory at `path`.
public struct CreateWorkspaceRequest: Codable, Sendable, Equatable {
    /// `worktree` when absent.
    public var kind: WorkspaceDocument.Kind?
    /// Any path inside the repository. Wanted for a worktree.
    public var repository: String?
    /// Branch to check out; made from `base` when there is none of that name. Absent: a new branch `corral/<id>`.
    public var branch: String?
    /// Where a new branch starts; `HEAD` when absent.
    public var base: String?
    /// Directory to adopt. Wanted for an adoption.
    public var path: String?
    /// The branch's or directory's name when absent.
    public var name: String?
    /// A chosen id makes the request idempotent.
    public var id: String?
    /// What its slice is limited to; what is absent is what the host gives to every new workspace.
    public var limits: LimitsRequest?
    /// Seconds of no use after which it is frozen, 0 for never. What the host is told when absent.
    public var freezeIdle: Int?
    /// Seconds after which it is deleted by itself, 0 for never. What the host is told when absent, for a worktree.
    public var expiresIn: Int?

    /// Makes a request from its parts.
    public init(
        kind: WorkspaceDocument.Kind? = nil, repository: String? = nil, branch: String? = nil, base: String? = nil,
        path: String? = nil, name: String? = nil, id: String? = nil, limits: LimitsRequest? = nil,
        freezeIdle: Int? = nil, expiresIn: Int? = nil
    ) {
        self.kind = kind
        self.repository = repository
        self.branch = branch
        self.base = base
        self.path = path
        self.name = name
        self.id = id
        self.limits = limits
        self.freezeIdle = freezeIdle
        self.expiresIn = expiresIn
    }
}

/// What the caller of a delete chose. Options of a second delete of the same workspace only ever strengthen the first.
public struct DeleteWorkspaceOptions: Codable, Sendable, Equatable {
    /// What becomes of the teardown script.
    public enum Teardown: String, Codable, Sendable {
        case run, skip
    }

    /// Skips the checks for work that would be lost, starts the stop at `cgroup.kill`.
    public var force: Bool
    /// Deletes the branch too: when it is merged, or with `force`.
    public var deleteBranch: Bool
    public var teardown: Teardown
    /// Goes on when processes cannot be ended; their rows stay for the reaper.
    public var abandon: Bool
    /// Says what would happen and does nothing.
    public var dryRun: Bool
    /// Seconds until the reply goes out with what is known; the delete goes on. 30 when absent.
    public var timeout: Double?

    /// Makes options from their parts.
    public init(
        force: Bool = false, deleteBranch: Bool = false, teardown: Teardown = .run, abandon: Bool = false,
        dryRun: Bool = false, timeout: Double? = nil
    ) {
        self.force = force
        self.deleteBranch = deleteBranch
        self.teardown = teardown
        self.abandon = abandon
        self.dryRun = dryRun
        self.timeout = timeout
    }
}
