public import CgroupPty

/// Where and when this index was last the index: what a start compares with the present before it believes a single
/// row.
public struct InstanceFacts: Sendable, Equatable {
    /// Which of a person's managers the units belong to.
    public enum Manager: String, Sendable, CaseIterable {
        case user, system
    }

    /// As in machine-id(5).
    public var machineID: String
    /// The manager that the units belong to.
    public var manager: Manager
    /// The boot in which `cgroup` and `cgroupNamespace` were seen.
    public var bootID: String
    /// Device and inode of the manager's cgroup.
    public var cgroup: FileIdentity
    /// Inode of the cgroup namespace; see cgroup_namespaces(7).
    public var cgroupNamespace: UInt64

    /// Gathers the facts.
    public init(
        machineID: String, manager: Manager, bootID: String, cgroup: FileIdentity, cgroupNamespace: UInt64
    ) {
        self.machineID = machineID
        self.manager = manager
        self.bootID = bootID
        self.cgroup = cgroup
        self.cgroupNamespace = cgroupNamespace
    }
}
