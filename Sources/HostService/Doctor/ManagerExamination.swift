import CgroupPty
import Glibc
import HostProtocol
import SessionIndex

/// What Corral needs of the systemd manager that is to hold its scopes, asked of the manager and of logind's files.
///
/// See: org.freedesktop.systemd1(5); loginctl(1), `enable-linger`
struct ManagerExamination {
    /// The oldest version that Corral is built for.
    static let oldestVersion = 252

    let systemd: SystemdManager
    let configuration: HostConfiguration
    /// Ours; nil while there is none, or none that can be told.
    let instance: InstanceID?
    /// The variables of whoever asks.
    let given: EnvironmentExamination
    /// The user's name.
    let login: String
    /// Where logind keeps who lingers; another place only in tests.
    var lingerDirectory = "/var/lib/systemd/linger"

    private var name: String { "\(configuration.manager.rawValue) manager" }
    private var deadline: Deadline { .after(.seconds(5)) }

    /// What the manager said.
    struct Findings: Sendable {
        /// What was looked at. Without an answer of the manager the rest of what it would say is left out.
        var checks: [DoctorDocument.Check] = []
        /// `PATH` of services.
        var path: String?
        /// How many files the host's service may open.
        var openFiles: UInt64?
        /// The place and time that an index would be used in.
        var facts: InstanceFacts?
    }

    /// Looks at everything.
    func look() async -> Findings {
        var findings = Findings()
        do throws(ScopeFailure) {
            findings.checks.append(Self.version(try await systemd.version(until: deadline), of: name))
            let (checks, ground) = cgroups(try await systemd.controlGroup(until: deadline))
            findings.checks += checks
            findings.facts = ground.flatMap(facts)
            let variables = try await systemd.serviceEnvironment(until: deadline)
            findings.path = variables.last { $0.hasPrefix("PATH=") }.map { String($0.dropFirst("PATH=".count)) }
            findings.checks.append(Self.environment(variables, of: name))
            // Without a unit of its own the host gets the variables of whoever starts it.
            if configuration.manager == .user, try await systemd.isLoaded(Self.service, until: deadline) {
                let own = try await systemd.environment(of: Self.service, until: deadline) ?? []
                findings.checks.append(given.difference(from: variables + own, of: name))
            }
            findings.checks.append(try await instances())
            findings.checks.append(try await store())
            findings.openFiles = try await systemd.openFileLimit(Self.service, until: deadline)
        } catch {
            let mend =
                configuration.manager == .user
                ? "loginctl enable-linger, then log in anew; XDG_RUNTIME_DIR must be /run/user/UID (`systemctl --user status`)."
                : "Corral needs systemd as process 1 (`systemctl status`)."
            findings.checks.append(
                .init("systemd", .failure, "the \(name) does not answer: \(error)", from: "its socket", mend: mend))
        }
        if configuration.manager == .user { findings.checks.append(linger()) }
        return findings
    }

    private static let service = "corral-host.service"

    private func facts(_ ground: CgroupGround) -> InstanceFacts? {
        do throws(SystemCallFailure) { return try HostFoundation.facts(ground, configuration) } catch { return nil }
    }

    /// Whether the version is one that Corral is built for, and what is known to be wrong with it.
    static func version(_ text: String, of name: String) -> DoctorDocument.Check {
        let source = "Version of the \(name)"
        let number = text.drop { !("0"..."9").contains($0) }.prefix { ("0"..."9").contains($0) }
        guard let version = Int(number) else {
            return .init("systemd", .warning, "its version is \"\(text)\"", from: source)
        }
        guard version >= oldestVersion else {
            return .init(
                "systemd", .failure, "systemd \(text) is older than \(oldestVersion)", from: source,
                mend: "Upgrade the system: stored descriptors and stops of slices are not as Corral needs them.")
        }
        // See: systemd issue 43361, mended in 256.3
        let minor = Int(text.drop { $0 != "." }.dropFirst().prefix { ("0"..."9").contains($0) }) ?? 0
        if version == 255 || version == 256 && minor < 3 {
            return .init(
                "systemd", .warning,
                "systemd \(text), whose logind can end a user's manager at the last logout in spite of linger",
                from: source, mend: "Upgrade to 256.3 or later, or keep a login open.")
        }
        return .init("systemd", .ok, "systemd \(text)", from: source)
    }

    /// The manager's cgroup, and which controllers it has.
    private func cgroups(_ path: String) -> ([DoctorDocument.Check], CgroupGround?) {
        let directory = "/sys/fs/cgroup\(path)"
        let ground: CgroupGround
        do throws(SystemCallFailure) {
            guard let path = CgroupPath(path) else {
                throw SystemCallFailure(call: "open", subject: directory, errno: ENOENT)
            }
            ground = try CgroupGround(path: path)
        } catch {
            let isOther = error.errno == EMEDIUMTYPE
            let check = DoctorDocument.Check(
                "cgroup", .failure, isOther ? "no cgroup v2 is mounted there" : "\(error)", from: directory,
                mend:
                    "Boot with systemd.unified_cgroup_hierarchy=1; in a container, mount cgroup2 at /sys/fs/cgroup."
            )
            return ([check], nil)
        }
        var checks: [DoctorDocument.Check] = [.init("cgroup", .ok, "cgroup v2", from: directory)]
        checks.append(
            access(directory + "/cgroup.kill", F_OK) == 0
                ? .init("cgroup-kill", .ok, "there", from: directory + "/cgroup.kill")
                : .init(
                    "cgroup-kill", .failure, "missing", from: directory + "/cgroup.kill",
                    mend: "Boot Linux 5.14 or newer: without it not all processes can be ended at once."))
        checks.append(controllers(ground, directory + "/cgroup.controllers"))
        return (checks, ground)
    }

    private func controllers(_ ground: CgroupGround, _ source: String) -> DoctorDocument.Check {
        do throws(SystemCallFailure) {
            let there = try ground.manager.controllers() ?? []
            let missing = ResourceLimit.Controller.allCases.filter { !there.contains($0) }
            guard missing.isEmpty else {
                return .init(
                    "controllers", .warning,
                    "missing: \(missing.map(\.rawValue).joined(separator: " ")); limits and figures of them cannot be had",
                    from: source, mend: Delegation(configuration.manager).advice(missing) + ".")
            }
            return .init("controllers", .ok, "memory, cpu, pids and io", from: source)
        } catch {
            return .init("controllers", .warning, "\(error)", from: source)
        }
    }

    /// Tags of a session that were imported into the manager: every service that it starts looks as if it were the session's.
    static func environment(_ variables: [String], of name: String) -> DoctorDocument.Check {
        let source = "Environment of the \(name)"
        let names = variables.compactMap { variable in
            variable.hasPrefix("CORRAL_") ? String(variable.prefix { $0 != "=" }) : nil
        }
        guard !names.isEmpty else { return .init("environment", .ok, "no tags of a session in it", from: source) }
        let user = name.hasPrefix("user") ? "--user " : ""
        return .init(
            "environment", .warning, "\(names.joined(separator: ", ")): new services look like a session's",
            from: source,
            mend: "systemctl \(user)unset-environment \(names.joined(separator: " "))")
    }

    /// Whose slices there are.
    private func instances() async throws(ScopeFailure) -> DoctorDocument.Check {
        let others = Set(
            try await systemd.units(matching: "corral-*.slice", until: deadline).compactMap { unit -> InstanceID? in
                switch SliceName(unit: unit.name) {
                case .instance(let id), .workspace(let id, _): id == instance ? nil : id
                case nil: nil
                }
            })
        let own = instance.map { "this one is \($0)" } ?? "this one has no number"
        guard !others.isEmpty else { return .init("instances", .ok, own, from: "units of the \(name)") }
        let list = others.map(\.rawValue).sorted().joined(separator: ", ")
        return .init(
            "instances", .ok, "\(own); others run here and are left alone: \(list)", from: "units of the \(name)")
    }

    /// Whether terminals outlive the service.
    private func store() async throws(ScopeFailure) -> DoctorDocument.Check {
        let source = "FileDescriptorStoreMax= of \(Self.service)"
        guard try await systemd.isLoaded(Self.service, until: deadline),
            let size = try await systemd.descriptorStoreSize(Self.service, until: deadline)
        else {
            return .init("terminals-kept", .ok, "the service is not there now", from: source)
        }
        // One for each session, one for the output of each of 512 that are over, and the socket.
        guard size >= configuration.sessionLimit + 513 else {
            return .init(
                "terminals-kept", .warning,
                size == 0
                    ? "terminals end with the service"
                    : "\(size) descriptors are kept, fewer than \(configuration.sessionLimit) sessions need",
                from: source, mend: "FileDescriptorStoreMax=4096 in the unit, as packaging/systemd has it.")
        }
        return .init("terminals-kept", .ok, "\(size) descriptors can be kept", from: source)
    }

    /// Whether the user's manager lives on when nobody is logged in.
    func linger() -> DoctorDocument.Check {
        let source = "\(lingerDirectory)/\(login)"
        guard access(source, F_OK) != 0 else { return .init("linger", .ok, "on", from: source) }
        return .init(
            "linger", .warning, "off: all sessions end when you log out for the last time", from: source,
            mend: "loginctl enable-linger")
    }
}
