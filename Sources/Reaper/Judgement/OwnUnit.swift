public import CgroupPty

/// A unit of systemd that is ours by its name.
public enum OwnUnit: Sendable, Hashable, CustomStringConvertible {
    case scope(ScopeName)
    case slice(InstanceID, WorkspaceID)

    /// Reads a unit's name; nil for what is not exactly a name that this instance gives.
    init?(_ name: String, of instance: InstanceID) {
        if let scope = ScopeName(unit: name), scope.instance == instance {
            self = .scope(scope)
        } else if case .workspace(instance, let workspace) = SliceName(unit: name) {
            self = .slice(instance, workspace)
        } else {
            return nil
        }
    }

    /// The workspace in its name.
    public var workspace: WorkspaceID {
        switch self {
        case .scope(let scope): scope.workspace
        case .slice(_, let workspace): workspace
        }
    }

    /// The session in its name, nil for a slice.
    public var session: SessionID? {
        switch self {
        case .scope(let scope): scope.session
        case .slice: nil
        }
    }

    /// The unit's name.
    public var name: String {
        switch self {
        case .scope(let scope): scope.unit
        case .slice(let instance, let workspace): SliceName.workspace(instance, workspace).unit
        }
    }

    /// Its cgroup below the manager's.
    var path: CgroupPath {
        switch self {
        case .scope(let scope): scope.path
        case .slice(let instance, let workspace): SliceName.workspace(instance, workspace).path
        }
    }

    /// The unit's name.
    public var description: String { name }
}
