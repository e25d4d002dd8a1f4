import Glibc

/// A leader that left its scope, as `systemd-run --scope` makes it do when it is a session's command.
///
/// While the session is to live that is its own affair. When it is to end, the empty scope proves nothing, and nobody would ever end
/// the leader: it is not in what systemd and `cgroup.kill` reach. Its number and its start were recorded while it was in our scope,
/// and it is pinned by them, which is proof enough that it is the session's. Where it is decides whether it is ours to end.
extension ScopeStop {
    /// A leader that lives outside of what is being ended.
    private struct Stray {
        let leader: Pidfd
        let place: CgroupPath
        /// Why it is left alone; nil when it may be ended.
        let restraint: String?
    }

    /// Ends those leaders that live outside of the target and that nobody else starts and stops.
    ///
    /// SIGTERM and SIGHUP, and SIGKILL after the grace, or at once when forced; each through the pidfd (I1), and each after a look
    /// at where it is.
    /// - Returns: What it took; nil when there was none to end.
    func endStrays(
        _ leaders: [Pidfd], _ target: Target, force: Bool, _ patience: Patience, _ report: inout StopReport
    ) async throws(SystemCallFailure) -> StopReport.Means? {
        var means: StopReport.Means?
        if !force, try await signal(strays(leaders, target), [SIGTERM, SIGHUP, SIGCONT], patience.grace, &report) {
            means = .terminated
        }
        // What ignored that, and what moved on meanwhile.
        if try await signal(strays(leaders, target), [SIGKILL], patience.kill, &report) { means = .killed }
        return means
    }

    /// Where a leader lives that outlived the target, and why it was left alone, in words.
    func whereabouts(_ leader: Pidfd, _ target: Target) throws(SystemCallFailure) -> String {
        guard let stray = try stray(leader, target) else {
            guard case .path(let path) = try procfs.cgroup(leader.pid) else { return "a place that cannot be read" }
            return "\(path)"
        }
        return "\(stray.place)" + (stray.restraint.map { ", and was left alone: \($0)" } ?? "")
    }

    /// Whether a leader lives inside of the target.
    func isInside(_ leader: Pidfd, _ target: Target) throws(SystemCallFailure) -> Bool {
        guard case .path(let path) = try procfs.cgroup(leader.pid) else { return false }
        return path.isAtOrBelow(ground.manager.path.appending(target.path))
    }

    private func strays(_ leaders: [Pidfd], _ target: Target) throws(SystemCallFailure) -> [Stray] {
        var strays: [Stray] = []
        for leader in leaders {
            if let stray = try stray(leader, target), stray.restraint == nil { strays.append(stray) }
        }
        return strays
    }

    /// Nil for a leader that has exited, or that is only on its way out of the target.
    private func stray(_ leader: Pidfd, _ target: Target) throws(SystemCallFailure) -> Stray? {
        if try leader.hasExited() { return nil }
        guard case .path(let path) = try procfs.cgroup(leader.pid),
            !path.isAtOrBelow(ground.manager.path.appending(target.path))
        else { return nil }
        let place = CgroupPlace(path, below: ground.manager.path, of: target.instance)
        var restraint = target.restraint(place)
        if restraint == nil, procfs.ancestors(of: ProcessID(getpid())).contains(leader.pid) {
            restraint = "this very process descends from it"
        }
        return Stray(leader: leader, place: path, restraint: restraint)
    }

    /// - Returns: Whether something was sent.
    private func signal(
        _ strays: [Stray], _ signals: [CInt], _ patience: Duration, _ report: inout StopReport
    ) async throws(SystemCallFailure) -> Bool {
        if strays.isEmpty { return false }
        var wasSent = false
        for stray in strays {
            do throws(SystemCallFailure) {
                for signal in signals { try stray.leader.signal(signal) }  // (I1)
                wasSent = true
                let remark = "process \(stray.leader.pid), a leader, had moved to \(stray.place) and was ended there"
                if !report.remarks.contains(remark) {
                    report.remarks.append(remark)
                    report.membersSignalled = report.membersSignalled.map { $0 + 1 }
                }
            } catch {
                // EPERM: it became somebody else's.
                report.remarks.append("\(error)")
            }
        }
        let until = Deadline.after(patience)
        for stray in strays { _ = try await stray.leader.waitForExit(monitor, until: until) }
        return wasSent
    }
}

extension ScopeStop.Target {
    /// Why a process of the target that is in another place is not ours to end; nil when it is.
    func restraint(_ place: CgroupPlace) -> String? {
        switch place {
        case .elsewhere: return nil
        // Beside the sessions: the workspace's own.
        case .slice(workspace, nil): return nil
        case .slice(let other, nil): return "it is in the slice of workspace \(other)"
        case .slice(_, .some(let other)): return other == session ? nil : "it is in the scope of session \(other)"
        case .otherCorral: return "it is in a slice of Corral's that is not this instance's"
        case .service: return "it is in a service, which somebody else starts and stops"
        case .manager: return "it is where the manager itself is"
        }
    }
}
