import Glibc
import HostClient
import HostProtocol

/// What only a running host knows: how it is, and what its reaper sees now.
struct HostChecks {
    private let client: HostClient
    /// Whether something was found that keeps a host from starting.
    private let isInTheWay: Bool

    /// Asks this host.
    /// - Parameter others: what was looked at without it.
    init(_ client: HostClient, others: [DoctorDocument.Check]) {
        self.client = client
        isInTheWay = others.contains { $0.verdict == .failure }
    }

    /// Looks at everything.
    func all() async -> [DoctorDocument.Check] {
        let source = "GET /v1/status"
        do throws(HostClientFailure) {
            let status = try await client.status(timeout: .seconds(5))
            return [Self.host(status, source), Self.terminals(status, source), Self.lastPass(status.reaper)]
                + [await orphans()]
        } catch {
            if case .unreachable = error {
                return [
                    .init(
                        "host", .warning, "does not answer: \(error)", from: "its socket",
                        mend: isInTheWay
                            ? "First what is a failure above; then: corral host start" : "corral host start")
                ]
            }
            return [
                .init(
                    "host", .failure, "\(error)", from: source,
                    mend: "Its journal: journalctl \(geteuid() == 0 ? "" : "--user ")-u corral-host -n 50")
            ]
        }
    }

    static func host(_ status: StatusDocument, _ source: String) -> DoctorDocument.Check {
        guard status.systemdReachable else {
            return .init(
                "host", .failure, "runs (pid \(status.pid)), and cannot reach systemd: nothing new can start",
                from: source,
                mend: "systemctl \(status.manager == .user ? "--user " : "")daemon-reexec, if it answers.")
        }
        return .init(
            "host", .ok, "\(status.version) runs (pid \(status.pid)), \(status.sessions) sessions", from: source)
    }

    static func terminals(_ status: StatusDocument, _ source: String) -> DoctorDocument.Check {
        status.keepsTerminals
            ? .init("survival", .ok, "terminals outlive a crash and a restart of the host", from: source)
            : .init(
                "survival", .warning, "terminals end with the host: its manager keeps nothing for it", from: source,
                mend:
                    "Only one that systemd has started keeps them. End this one, and with it its terminals: kill \(status.pid); then: corral host start"
            )
    }

    static func lastPass(_ reaper: ReaperDocument) -> DoctorDocument.Check {
        let source = "GET /v1/reaper"
        if let failure = reaper.lastFailure {
            return .init("reaper", .failure, "its last pass failed: \(failure)", from: source, mend: "corral reap")
        }
        guard let pass = reaper.lastPass else { return .init("reaper", .ok, "no pass yet", from: source) }
        guard pass.failed == 0 else {
            return .init(
                "reaper", .warning, "\(pass.failed) ends could not be confirmed in the last pass", from: source,
                mend: "corral reap tells which.")
        }
        return .init("reaper", .ok, PassReport.summary(pass), from: source)
    }

    /// What a pass would end now.
    private func orphans() async -> DoctorDocument.Check {
        let source = "a dry run of the reaper"
        do throws(HostClientFailure) {
            return Self.orphans(try await client.reap(dryRun: true), source)
        } catch {
            return .init("orphans", .warning, "\(error)", from: source)
        }
    }

    static func orphans(_ pass: PassDocument, _ source: String) -> DoctorDocument.Check {
        let found = pass.reaped + pass.unclaimed.count + pass.escapes.count
        guard found > 0 else { return .init("orphans", .ok, "none", from: source) }
        return .init(
            "orphans", .warning,
            "\(pass.reaped) to be ended, \(pass.unclaimed.count) unexplained, \(pass.escapes.count) escaped",
            from: source, mend: "corral reap; what is unexplained: corral reap --unclaimed")
    }
}
