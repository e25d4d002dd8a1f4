import CgroupPty
public import HostProtocol

/// All that Corral's promise rests on and that can be looked at without a running host. It changes nothing.
public enum Examination {
    /// Looks at kernel, manager and directories.
    public static func run(_ configuration: HostConfiguration) async throws -> DoctorDocument {
        let systemd = try SystemdManager(kind: configuration.manager, environment: configuration.environment)
        let manager = ManagerExamination(
            systemd: systemd, configuration: configuration, instance: try Instance.peekID(configuration.stateDirectory),
            login: LoginAccount.current()?.name ?? "")
        let found = await manager.checks()
        await systemd.close()
        return DoctorDocument(
            checks: KernelExamination().checks() + found + PlacesExamination(configuration: configuration).checks())
    }
}
