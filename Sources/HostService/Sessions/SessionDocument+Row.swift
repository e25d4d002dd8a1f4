import CgroupPty
import FoundationEssentials
import HostProtocol
import SessionIndex

extension SessionDocument {
    /// What clients see: the row, what the host holds, and what the kernel shows now.
    init(_ row: SessionRow, live: LiveSession?, ground: CgroupGround) {
        var cgroup: String?
        var isFrozen: Bool? = row.status.isEnded ? false : nil
        var members: Int? = row.status.isEnded ? 0 : nil
        let scope = !row.status.isEnded || row.couldHaveMembers ? ScopeName(unit: row.unit) : nil
        if let scope {
            switch ground.look(scope.path) {
            case .found(let directory):
                cgroup = "\(directory.path)"
                // A figure that cannot be read is null.
                do { members = try directory.members().count } catch { members = nil }
                do { isFrozen = try directory.events()?.isFrozen ?? false } catch { isFrozen = nil }
            case .absent: (members, isFrozen) = (0, false)
            case .unknown: members = nil
            }
        }
        let terminal: Terminal = row.status.isEnded ? .closed : (live?.held != nil ? .open : .lost)
        self.init(
            id: row.id.rawValue, workspace: row.originWorkspaceID?.rawValue,
            kind: Kind(rawValue: row.kind.rawValue) ?? .shell,
            title: row.title, status: Status(rawValue: row.status.rawValue) ?? .starting, command: row.command,
            cwd: row.cwd,
            unit: row.unit, cgroup: cgroup,
            leaderPid: row.status.isEnded ? nil : row.leader.map { Int($0.pid.rawValue) },
            members: members, onExit: OnExit(rawValue: row.onExit.rawValue) ?? .kill, exit: row.exit.map { Exit($0) },
            endReason: row.endReason.flatMap { EndReason(rawValue: $0.rawValue) },
            terminal: row.status == .starting ? .open : terminal,
            disposeRequestedAt: row.disposeRequestedAt.map { Timestamp($0) }, lastOutcome: row.lastOutcome,
            createdAt: Timestamp(row.createdAt), endedAt: row.endedAt.map { Timestamp($0) },
            attached: live?.held?.feed.clientCount ?? 0, limits: LimitsDocument(row.limits),
            limitsInForce: LimitsDocument(inForce: row.limits, at: scope?.path, ground: ground), frozen: isFrozen,
            maxRuntime: row.maxRuntime,
            idleTimeout: row.idleTimeout)
    }
}

extension SessionRow {
    /// Whether the leader has exited and others were kept, as `on_exit=keep` asks for; some may still run.
    var couldHaveMembers: Bool {
        guard status == .exited, onExit == .keep, membersLeft != 0 else { return false }
        return endReason == .exited || endReason == .signalled || endReason == .oom
    }
}
