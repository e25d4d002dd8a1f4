import CgroupPty

/// How a manager comes to the controllers that it does not have.
///
/// A user's manager has those that the system's manager delegates to `user@.service`: memory and pids everywhere, cpu from systemd 252
/// on, io nowhere unless somebody says so. The system's manager has all that the kernel gives to cgroup v2.
///
/// See: systemd.resource-control(5), `Delegate=`
struct Delegation: Sendable {
    private let manager: ManagerKind

    /// Speaks of a manager.
    init(_ manager: ManagerKind) { self.manager = manager }

    /// Which controllers are missing, and what a person can do about it.
    func advice(_ missing: [ResourceLimit.Controller]) -> String {
        let names = missing.map(\.rawValue).joined(separator: ", ")
        let subject = missing.count == 1 ? "the \(names) controller is" : "the controllers \(names) are"
        switch manager {
        case .user:
            return
                "\(subject) not delegated to the user manager. To delegate: as root `systemctl edit user@.service`, there `[Service]` and `Delegate=cpu cpuset io memory pids`, then log out everywhere, or `systemctl restart user@UID.service`, which ends what runs in it"
        case .system:
            return
                "\(subject) not there for systemd: cgroup v1 has it (boot with systemd.unified_cgroup_hierarchy=1), the kernel switched it off (cgroup_disable=), or this is a container that was not given it"
        }
    }
}
