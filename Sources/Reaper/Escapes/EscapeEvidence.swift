public import CgroupPty

/// A fact that ties a process to a workspace. Only some cannot be copied by an environment.
public enum EscapeEvidence: Sendable, Hashable {
    /// Its environment names the workspace.
    case tag(ProcessTag)
    /// Its controlling terminal is the session's PTY.
    case terminal(SessionID)
    /// It is in the POSIX session that the session's leader made, also when it has no terminal any more.
    case posixSession(SessionID)
    /// The same process was seen on a PTY of the workspace, while that had one.
    case seenOnTerminal
    /// The same process was seen inside the workspace's slice.
    case seenInside
    /// It is inside a slice of ours.
    case inside(CgroupPath)
    /// It works in the worktree.
    case directory(String)
    /// Its root directory is in the worktree.
    case root(String)
    /// It has a file of the worktree open.
    case file(String)

    /// Whether an environment cannot copy it, and nothing else either: together with a tag it authorises a kill.
    ///
    /// A POSIX session is known by its leader's number alone, which a stranger can have once that session is gone (I3).
    public var isProof: Bool {
        switch self {
        case .terminal, .seenOnTerminal, .seenInside, .inside: true
        case .tag, .posixSession, .directory, .root, .file: false
        }
    }
}

extension EscapeEvidence: CustomStringConvertible {
    /// In words.
    public var description: String {
        switch self {
        case .tag(let tag):
            "its environment names workspace \(tag.workspace)" + (tag.session.map { " and session \($0)" } ?? "")
        case .terminal(let session): "its controlling terminal is that of session \(session)"
        case .posixSession(let session): "it is in the POSIX session of session \(session)'s leader"
        case .seenOnTerminal: "it was seen on a terminal of the workspace"
        case .seenInside: "it was seen inside the workspace's slice"
        case .inside(let path): "it is inside \(path)"
        case .directory(let path): "its working directory is \(path)"
        case .root(let path): "its root directory is \(path)"
        case .file(let path): "it has \(path) open"
        }
    }
}
