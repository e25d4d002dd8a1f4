import Glibc

/// The manager's own cgroup, held open: the ancestor below which all of Corral's cgroups lie.
///
/// What is missing below it is missing for certain only while the ancestor itself is there; otherwise nothing is known (I2, I3).
/// When the manager ends and starts again, its cgroup is another one, and this object answers `unknown` from then on.
public struct CgroupGround: Sendable {
    /// A look at one place.
    public enum Look: Sendable {
        case found(CgroupDirectory)
        /// Not there, below an ancestor that is.
        case absent
        case unknown(String)
    }

    /// The manager's cgroup.
    public let manager: CgroupDirectory
    /// Recognises the manager's cgroup in this boot.
    public let identity: FileIdentity

    /// Opens the cgroup of a manager.
    /// - Parameter path: the manager's `ControlGroup` property.
    public init(mount: String = "/sys/fs/cgroup", path: CgroupPath) throws(SystemCallFailure) {
        manager = try CgroupDirectory.open(mount: mount, path)
        identity = try manager.identity()
    }

    /// Looks for a cgroup of ours.
    public func look(_ path: CgroupPath) -> Look {
        do {
            if let found = try manager.child(path) { return .found(found) }
            // The order matters: first the miss, then the proof that it was looked for in a living place.
            return doubtAboutAbsence().map { .unknown($0) } ?? .absent
        } catch {
            return .unknown("\(error)")
        }
    }

    /// Why what was just missed below the manager's cgroup may be there all the same; nil when the cgroup itself is there (I2).
    public func doubtAboutAbsence() -> String? {
        do {
            return try manager.isThere() ? nil : "the manager's cgroup \(manager.path) was removed"
        } catch {
            return "\(error)"
        }
    }

    /// The scope or slice of ours that a process is in, by the path that procfs shows; nil when it is elsewhere.
    public func relative(_ path: CgroupPath) -> CgroupPath? {
        guard path.isAtOrBelow(manager.path) else { return nil }
        return CgroupPath(components: Array(path.components.dropFirst(manager.path.components.count)))
    }
}
