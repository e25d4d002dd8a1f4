import CgroupPty
import Glibc
import HostProtocol
import SessionIndex

/// Whether a host would start now: asked of what a start itself goes by, with nothing changed.
///
/// See: ``HostFoundation/lay(_:program:logger:)``, ``Instance/take(_:facts:procfs:monitor:)``
struct StartExamination: Sendable {
    let configuration: HostConfiguration
    /// The present place and time; nil where the manager does not tell.
    let facts: InstanceFacts?
    /// Where programs are looked for, as in `PATH`.
    let path: String

    /// Looks at the programs and the account that a host needs.
    func programs() -> [DoctorDocument.Check] { [account(), leader(), git()] }

    private func account() -> DoctorDocument.Check {
        let source = "getpwuid(\(geteuid()))"
        guard let account = LoginAccount.current() else {
            return .init(
                "account", .failure, "the user database does not know uid \(geteuid()), and no host starts for it",
                from: source, mend: "Give the user an entry: getent passwd \(geteuid()) must tell one.")
        }
        return .init("account", .ok, account.name, from: source)
    }

    private func leader() -> DoctorDocument.Check {
        do throws(SystemCallFailure) {
            return .init("leader", .ok, "there", from: try LeaderProgram.find().path)
        } catch {
            return .init(
                "leader", .failure, "the program that sessions begin with: \(error)", from: "beside corral-host",
                mend: "Install Corral whole: it belongs beside corral-host or into ../libexec/corral.")
        }
    }

    private func git() -> DoctorDocument.Check {
        for directory in path.split(separator: ":" as Character) {
            let candidate = "\(directory)/git"
            if access(candidate, X_OK) == 0 { return .init("git", .ok, "there", from: candidate) }
        }
        return .init(
            "git", .failure, "not found: no worktree can be made or deleted", from: "PATH of services, \(path)",
            mend: "Install git, or add its directory to that PATH: systemd.environment-generator(7)")
    }

    /// Looks at the instance and its index. Reads all of the index, so it is for a thread of its own.
    func instance() -> [DoctorDocument.Check] {
        let (index, before) = index()
        return [identity(before), index]
    }

    private func index() -> (DoctorDocument.Check, InstanceFacts?) {
        let database = configuration.stateDirectory + "/index.db"
        do throws(IndexFailure) {
            if let holder = try IndexLock.holder(directory: configuration.stateDirectory) {
                let who = holder.pid.map { "process \($0)" } ?? "a process"
                return (.init("index", .ok, "\(who) has it open", from: database), nil)
            }
            let before = try Index.examine(directory: configuration.stateDirectory)
            guard access(database, F_OK) == 0 else {
                return (.init("index", .ok, "there is none yet", from: database), nil)
            }
            return (.init("index", .ok, "whole", from: database), before)
        } catch {
            return (
                .init(
                    "index", .failure, "no host starts: \(error)", from: database, mend: mend(error, database)), nil
            )
        }
    }

    private func mend(_ failure: IndexFailure, _ database: String) -> String {
        switch failure {
        case .system(let failure) where failure.errno == EPERM || failure.errno == EACCES:
            "If it is meant to be yours, as root: chown \(geteuid()) \(failure.subject)"
        case .system(let failure): "\(failure.subject) must be a plain file: move what lies there away."
        case .newerSchema: "Install that release again."
        case .locked, .foreign, .full, .corrupt, .displaced, .unavailable:
            "Put a backup in its place, and keep \(configuration.stateDirectory)/instance: docs/operations.md, \"Backup of the index\"."
        }
    }

    private func identity(_ before: InstanceFacts?) -> DoctorDocument.Check {
        let directory = configuration.stateDirectory
        let file = directory + "/instance"
        let units = "systemctl \(configuration.manager == .user ? "--user " : "")list-units --all 'corral-*.slice'"
        let id: InstanceID
        do {
            guard let recorded = try Instance.recordedID(directory) else {
                return .init("instance", .ok, "there is no index yet", from: file)
            }
            id = recorded
        } catch {
            return .init(
                "instance", .failure, "no host starts: \(error)", from: file,
                mend:
                    "It must be a file of yours with the eight digits, and nothing else, that are in the names of the units: \(units)"
            )
        }
        do {
            try Instance.lookAtClaim(id, configuration)
            if let before, let facts, let refusal = Instance.refusal(of: before, facts, directory) { throw refusal }
            return .init("instance", .ok, "\(id)", from: file)
        } catch let failure as SystemCallFailure {
            return .init(
                "instance", .failure, "no host starts: \(failure)", from: file,
                mend: "\(failure.subject) must be a plain file of yours: move what lies there away.")
        } catch {
            return .init(
                "instance", .failure, "no host starts: \(error)", from: file,
                mend: "docs/operations.md, \"Backup of the index\" and \"Another machine\", has what to do.")
        }
    }
}
