public import CgroupPty

/// What a process's environment says of where it comes from. A hint: it is inherited, copied and forged.
public struct ProcessTag: Sendable, Hashable {
    /// `CORRAL_INSTANCE`.
    public var instance: InstanceID
    /// `CORRAL_WORKSPACE`.
    public var workspace: WorkspaceID
    /// `CORRAL_SESSION`; nil when it is missing or no id.
    public var session: SessionID?

    private static let names = ["CORRAL_INSTANCE", "CORRAL_WORKSPACE", "CORRAL_SESSION"]

    /// Makes a tag from its parts.
    public init(instance: InstanceID, workspace: WorkspaceID, session: SessionID?) {
        self.instance = instance
        self.workspace = workspace
        self.session = session
    }

    /// Reads a tag; nil when instance or workspace is missing or no id.
    init?(_ environment: ProcessEnvironment) {
        let values = environment.first(of: Self.names)
        guard let instance = values[0].flatMap({ InstanceID($0) }),
            let workspace = values[1].flatMap({ WorkspaceID($0) })
        else { return nil }
        self.init(instance: instance, workspace: workspace, session: values[2].flatMap { SessionID($0) })
    }
}
