/// The slices of an instance: `corral.slice`, `corral-<inst>.slice`, `corral-<inst>-<ws>.slice`.
public enum SliceName: Sendable, Hashable, CustomStringConvertible {
    case instance(InstanceID)
    case workspace(InstanceID, WorkspaceID)

    /// Reads a slice's unit name; nil for anything that Corral would not have written.
    public init?(unit: some StringProtocol) {
        let parts = UnitNamePart.split(unit, suffix: ".slice")
        guard let first = parts.first, let instance = InstanceID(first) else { return nil }
        switch parts.count {
        case 1: self = .instance(instance)
        case 2:
            guard let workspace = WorkspaceID(parts[1]) else { return nil }
            self = .workspace(instance, workspace)
        default: return nil
        }
    }

    /// The unit name.
    public var unit: String {
        switch self {
        case .instance(let instance): "corral-\(instance).slice"
        case .workspace(let instance, let workspace): "corral-\(instance)-\(workspace).slice"
        }
    }

    /// Path of the slice's cgroup below the manager's own.
    public var path: CgroupPath {
        switch self {
        case .instance: CgroupPath(components: ["corral.slice", unit])
        case .workspace(let instance, _): SliceName.instance(instance).path.appending(unit)
        }
    }

    /// The unit name.
    public var description: String { unit }
}
