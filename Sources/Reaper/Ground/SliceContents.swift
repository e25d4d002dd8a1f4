public import CgroupPty

/// What lies in one workspace's slice.
public struct SliceContents: Sendable, Equatable {
    /// A cgroup in the slice that is no session's scope: a tmux pane's, one of `--slice-inherit`, or the slice itself.
    public struct Stranger: Sendable, Equatable {
        /// Below the manager's cgroup.
        public let path: CgroupPath
        /// The processes in it.
        public let members: Reading<[ProcessIdentity]>

        /// Describes a populated cgroup.
        public init(path: CgroupPath, members: Reading<[ProcessIdentity]>) {
            self.path = path
            self.members = members
        }
    }

    /// Whether a process is in the slice or anywhere below it.
    public let isPopulated: Bool
    /// The scopes with exactly a session's name, by session. A session that is not here has no scope.
    public let scopes: [SessionID: Presence]
    /// Other cgroups with a process in them, or that could not be read.
    public let strangers: [Stranger]

    /// Gathers what was seen.
    public init(isPopulated: Bool, scopes: [SessionID: Presence], strangers: [Stranger]) {
        self.isPopulated = isPopulated
        self.scopes = scopes
        self.strangers = strangers
    }

    /// Whether a session's scope in it is populated, or could be.
    public var couldHoldSessions: Bool {
        scopes.values.contains {
            switch $0 {
            case .populated, .unknown: true
            case .empty, .absent: false
            }
        }
    }
}
