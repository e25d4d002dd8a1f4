import CgroupPty
import FoundationEssentials
public import HostProtocol
import SessionIndex

/// All that Corral's promise rests on and that can be looked at without a running host. It changes nothing.
///
/// Nothing that it meets keeps it from the rest: what cannot be looked at is a check that says so.
public enum Examination {
    /// How long a file system, dead disks included, is waited for. A sound index of 100 MB is read in less than a second.
    private static let patience = Duration.seconds(10)

    /// Looks at configuration, kernel, manager, directories, and at what a start would say.
    /// - Parameter options: what other options of the command line say of the configuration.
    public static func run(_ places: HostPlaces, options: [ConfigurationAssignment] = []) async -> DoctorDocument {
        let given = EnvironmentExamination(environment: ProcessInfo.processInfo.environment)
        let configured = ConfigurationExamination(places, options: options, environment: given.mended)
        let kernel = KernelExamination()
        var checks = [configured.check] + kernel.checks()
        guard let configuration = configured.configuration else {
            return DoctorDocument(checks: checks + given.checks())
        }
        let state = configuration.stateDirectory
        let directories = await bounded("state", state) { PlacesExamination(configuration: configuration).checks() }
        let isUsable = directories.contains { $0.name == "state" && $0.verdict == .ok }
        let own = isUsable ? await Known.look(state, until: .after(patience)) : Known()
        let manager = await askManager(configuration, own, given)
        checks += manager.checks
        checks.append(kernel.openFiles(host: own.holder, unit: manager.openFiles))
        if configuration.manager == .user { checks += given.checks() }
        checks += directories
        let start = StartExamination(
            configuration: configuration, facts: manager.facts,
            path: manager.path ?? configuration.environment["PATH"] ?? "/usr/bin:/bin")
        checks += start.programs()
        if isUsable { checks += await bounded("index", state) { start.instance() } }
        return DoctorDocument(checks: checks)
    }

    /// What is known of the instance before anything is judged.
    private struct Known: Sendable {
        var instance: InstanceID?
        /// The process that has the index.
        var holder: ProcessID?

        static func look(_ directory: String, until deadline: Deadline) async -> Known {
            await BlockingExecutor(label: "corral.doctor").run(until: deadline) {
                Known(instance: instance(directory), holder: holder(directory))
            } ?? Known()
        }

        // What is wrong with one of them is a check of its own.
        private static func instance(_ directory: String) -> InstanceID? {
            do { return try Instance.recordedID(directory) } catch { return nil }
        }

        private static func holder(_ directory: String) -> ProcessID? {
            do throws(IndexFailure) { return try IndexLock.holder(directory: directory)?.pid } catch { return nil }
        }
    }

    private static func askManager(
        _ configuration: HostConfiguration, _ own: Known, _ given: EnvironmentExamination
    ) async -> ManagerExamination.Findings {
        do throws(SystemCallFailure) {
            let systemd = try SystemdManager(kind: configuration.manager, environment: configuration.environment)
            let examination = ManagerExamination(
                systemd: systemd, configuration: configuration, instance: own.instance, given: given,
                login: LoginAccount.current()?.name ?? "")
            let findings = await examination.look()
            await systemd.close()
            return findings
        } catch {
            let check = DoctorDocument.Check(
                "systemd", .failure, "\(error)", from: "this process",
                mend: "End something: there is no room for a thread.")
            return ManagerExamination.Findings(checks: [check])
        }
    }

    /// Looks at files, for as long as they may take.
    private static func bounded(
        _ name: String, _ path: String, _ look: @escaping @Sendable () -> [DoctorDocument.Check]
    ) async -> [DoctorDocument.Check] {
        await BlockingExecutor(label: "corral.doctor").run(until: .after(patience), look) ?? [
            .init(
                name, .failure, "no answer in \(patience.components.seconds) s", from: path,
                mend: "Look whether its file system answers: ls -l \(path)")
        ]
    }
}
