/// What a process's cgroup says of who starts and stops it. Read from names alone.
public enum CgroupPlace: Sendable, Equatable {
    /// In the slice of a workspace of this instance; in a session's scope, or beside them.
    case slice(WorkspaceID, SessionID?)
    /// In a slice of Corral's that is no workspace's of this instance.
    case otherCorral
    /// In a service, or in a cgroup below one. Somebody else starts and stops it.
    case service
    /// The manager itself, and what it keeps beside it.
    case manager
    /// Anywhere else.
    case elsewhere

    /// Places a process.
    /// - Parameters:
    ///   - ground: the manager's own cgroup.
    ///   - instance: whose slices count as ours.
    public init(_ path: CgroupPath, below ground: CgroupPath, of instance: InstanceID) {
        guard path.isAtOrBelow(ground) else {
            self = path.components.contains { $0.hasSuffix(".service") } ? .service : .elsewhere
            return
        }
        let parts = path.components.dropFirst(ground.components.count)
        if parts.isEmpty || parts.first == "init.scope" {
            self = .manager
        } else if parts.contains(where: { $0.hasSuffix(".service") }) {
            self = .service
        } else if parts.first == "corral.slice" {
            self = Self.corral(Array(parts.dropFirst()), instance)
        } else {
            self = .elsewhere
        }
    }

    private static func corral(_ parts: [String], _ instance: InstanceID) -> CgroupPlace {
        guard parts.count >= 2, parts[0] == SliceName.instance(instance).unit,
            case .workspace(instance, let workspace) = SliceName(unit: parts[1])
        else { return .otherCorral }
        guard parts.count >= 3, let scope = ScopeName(unit: parts[2]), scope.instance == instance,
            scope.workspace == workspace
        else { return .slice(workspace, nil) }
        return .slice(workspace, scope.session)
    }
}
