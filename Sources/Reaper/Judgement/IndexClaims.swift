public import CgroupPty
public import SessionIndex

/// What the index claims, read twice around the look at the ground.
///
/// A row that is not the same in both reads is being worked on by somebody, and is spared in this pass.
public struct IndexClaims: Sendable, Equatable {
    /// The rows of the second read, in its order.
    public let sessions: [SessionRow]
    /// Sessions whose row changed, came or went between the reads.
    public let changedSessions: Set<SessionID>
    /// Workspaces whose state changed, or whose row came or went, between the reads.
    public let changedWorkspaces: Set<WorkspaceID>
    private let rows: [SessionID: SessionRow]
    private let workspaces: [WorkspaceID: WorkspaceRow]
    private let spent: Set<WorkspaceID>

    /// Compares two reads.
    /// - Parameters:
    ///   - before: read before the ground.
    ///   - after: read after it, and after the host was asked what it is doing.
    public init(before: ClaimSnapshot, after: ClaimSnapshot) {
        sessions = after.sessions
        rows = Self.byID(after.sessions)
        workspaces = Self.byID(after.workspaces)
        spent = after.spentWorkspaces
        let oldRows = Self.byID(before.sessions)
        changedSessions = Set(oldRows.keys).union(rows.keys).filter { [rows] in oldRows[$0] != rows[$0] }
        let oldWorkspaces = Self.byID(before.workspaces)
        let known = Set(oldWorkspaces.keys).union(workspaces.keys).union(before.spentWorkspaces).union(spent)
        changedWorkspaces = known.filter { [workspaces, spent] in
            oldWorkspaces[$0]?.state != workspaces[$0]?.state
                || before.spentWorkspaces.contains($0) != spent.contains($0)
        }
    }

    /// The row of a session, as it was read last.
    public func row(_ session: SessionID) -> SessionRow? { rows[session] }

    /// The row of a workspace, as it was read last.
    public func workspace(_ id: WorkspaceID) -> WorkspaceRow? { workspaces[id] }

    /// Workspaces whose scopes nobody wants any more.
    public var spentWorkspaces: Set<WorkspaceID> { spent }

    private static func byID(_ rows: [SessionRow]) -> [SessionID: SessionRow] {
        Dictionary(rows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func byID(_ rows: [WorkspaceRow]) -> [WorkspaceID: WorkspaceRow] {
        Dictionary(rows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
