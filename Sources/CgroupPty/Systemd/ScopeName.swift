/// The scope of a session: `corral-<inst>-<ws>-<session>.scope`.
public struct ScopeName: Sendable, Hashable, CustomStringConvertible {
    /// Whose it is.
    public let instance: InstanceID
    /// The workspace in whose slice it lies.
    public let workspace: WorkspaceID
    /// The session that it holds.
    public let session: SessionID

    /// Names a session's scope.
    public init(instance: InstanceID, workspace: WorkspaceID, session: SessionID) {
        self.instance = instance
        self.workspace = workspace
        self.session = session
    }

    /// Reads a scope's unit name; nil for anything but exactly a session's name.
    public init?(unit: some StringProtocol) {
        let parts = UnitNamePart.split(unit, suffix: ".scope")
        guard parts.count == 3, let instance = InstanceID(parts[0]), let workspace = WorkspaceID(parts[1]),
            let session = SessionID(parts[2])
        else { return nil }
        self.init(instance: instance, workspace: workspace, session: session)
    }

    /// The unit name.
    public var unit: String { "corral-\(instance)-\(workspace)-\(session).scope" }

    /// The slice that holds the scope.
    public var slice: SliceName { .workspace(instance, workspace) }

    /// Path of the scope's cgroup below the manager's own.
    public var path: CgroupPath { slice.path.appending(unit) }

    /// The unit name.
    public var description: String { unit }
}
