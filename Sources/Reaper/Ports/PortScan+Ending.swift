public import CgroupPty

extension PortScan {
    /// How long a server is given to end in order, and a killed process to be gone.
    private static let patience = (terminate: Duration.seconds(5), kill: Duration.seconds(2))

    /// Ends a process that a look found at ports of one workspace, through its pidfd.
    ///
    /// It is looked at once more while it is pinned: it must be in the workspace's slice and have one of the sockets open. SIGTERM
    /// first, SIGKILL after five seconds.
    /// - Parameters:
    ///   - ports: where it was found.
    ///   - force: SIGKILL at once.
    public func end(
        _ holder: OpenPort.Holder, at ports: [OpenPort], of workspace: WorkspaceID, force: Bool,
        until deadline: Deadline
    ) async -> ProcessEnd {
        do throws(SystemCallFailure) {
            guard let pidfd = try Pidfd.open(holder.process, in: procfs) else { return .gone }
            if let doubt = try await doubt(about: holder, ports, workspace, deadline) {
                return try pidfd.hasExited() ? .gone : doubt
            }
            return try await ProcessEnd(
                ending: pidfd, terminate: force ? nil : Self.patience.terminate, kill: Self.patience.kill, monitor,
                procfs, until: deadline)
        } catch {
            return .failed("\(error)")
        }
    }

    /// The second look, while the process is pinned; nil when it agrees with the first.
    private func doubt(
        about holder: OpenPort.Holder, _ ports: [OpenPort], _ workspace: WorkspaceID, _ deadline: Deadline
    ) async throws(SystemCallFailure) -> ProcessEnd? {
        let seen = await executor.run(until: deadline) {
            [procfs] () -> Result<(ProcessCgroup?, Set<UInt64>?), SystemCallFailure> in
            do throws(SystemCallFailure) {
                return .success((try procfs.cgroup(holder.process.pid), try procfs.socketInodes(holder.process.pid)))
            } catch {
                return .failure(error)
            }
        }
        guard let seen else { return .failed(GroundReader.late) }
        let (cgroup, open) = try seen.get()
        guard let cgroup, let open else { return .gone }
        guard case .path(let path) = cgroup else { return .moved("a cgroup that is not visible from here") }
        guard case .slice(workspace, _) = CgroupPlace(path, below: ground.manager.path, of: instance) else {
            return .moved("\(path)")
        }
        guard ports.contains(where: { !$0.inodes.isDisjoint(with: open) }) else {
            return .spared("it has closed the port")
        }
        return nil
    }
}
