import CgroupPty

/// Whether the manager hands our tags to every service that it starts, as `systemctl import-environment` makes it do.
///
/// Then a tag says nothing any more, and no process is ended for having one.
enum ManagerTags: Sendable, Equatable {
    case absent
    case present
    /// It could not be asked, and why. Counts as present (I3).
    case unknown(String)

    /// Asks the manager.
    init(_ systemd: SystemdManager, of instance: InstanceID, until deadline: Deadline) async {
        do throws(ScopeFailure) {
            self.init(environment: try await systemd.serviceEnvironment(until: deadline), of: instance)
        } catch {
            self = .unknown("\(error)")
        }
    }

    /// Reads the manager's environment, `NAME=value` each.
    init(environment: [String], of instance: InstanceID) {
        self = environment.contains("CORRAL_INSTANCE=\(instance)") ? .present : .absent
    }
}
