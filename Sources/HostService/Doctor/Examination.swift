import CgroupPty
public import HostProtocol

/// All that Corral's promise rests on and that can be looked at without a running host. It changes nothing.
public enum Examination {
    /// Looks at configuration, kernel, manager and directories.
    /// - Parameter options: what other options of the command line say of the configuration.
    public static func run(
        _ places: HostPlaces, options: [ConfigurationAssignment] = []
    ) async throws -> DoctorDocument {
        let configured = try ConfigurationExamination(places, options: options)
        let configuration = configured.configuration
        let systemd = try SystemdManager(kind: configuration.manager, environment: configuration.environment)
        let manager = ManagerExamination(
            systemd: systemd, configuration: configuration, instance: try Instance.peekID(configuration.stateDirectory),
            login: LoginAccount.current()?.name ?? "")
        let found = await manager.checks()
        await systemd.close()
        return DoctorDocument(
            checks: [configured.check] + KernelExamination().checks() + found
                + PlacesExamination(configuration: configuration).checks())
    }
}
