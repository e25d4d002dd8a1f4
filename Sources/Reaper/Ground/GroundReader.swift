import CgroupPty

/// Looks at the ground: the cgroup tree below the manager's own, the units of systemd, and the leaders in procfs.
///
/// The calls can block for as long as the kernel likes, so they run on a ``BlockingExecutor`` and are given up at a deadline; what
/// was not read by then is unknown (I3).
struct GroundReader: Sendable {
    private let instance: InstanceID
    private let systemd: SystemdManager
    private let executor: BlockingExecutor
    private let tree: GroundTree

    /// Takes what it looks with.
    init(
        instance: InstanceID, systemd: SystemdManager, ground: CgroupGround, procfs: Procfs, executor: BlockingExecutor
    ) {
        self.instance = instance
        self.systemd = systemd
        self.executor = executor
        tree = GroundTree(instance: instance, ground: ground, procfs: procfs)
    }

    /// One look at everything.
    ///
    /// - Parameters:
    ///   - leaders: leaders to look for where their scope holds nothing.
    ///   - units: what ``units(until:)`` answered before: a scope that systemd called active before its cgroup was found empty is not
    ///     one that is just being started.
    ///   - census: a walk through procfs from right before. Who was in a scope then and is listed in it now need not be read again.
    func look(
        leaders: [ScopeName: ProcessIdentity], after census: ProcessCensus?, _ units: Reading<[SystemdManager.Unit]>,
        until deadline: Deadline
    ) async -> GroundTruth {
        let seen = await executor.run(until: deadline) { [tree = tree.after(census)] in
            let slices = tree.slices(until: deadline)
            let foreign = tree.foreign()
            return (slices, foreign, tree.leaders(leaders, without: slices))
        }
        guard let seen else {
            return GroundTruth(
                instance: instance, slices: .unknown(Self.late), foreign: .unknown(Self.late), units: units,
                leaders: [:])
        }
        return GroundTruth(instance: instance, slices: seen.0, foreign: seen.1, units: units, leaders: seen.2)
    }

    /// One look at a workspace's slice; nil contents stand for a slice that is absent.
    func slice(_ workspace: WorkspaceID, until deadline: Deadline) async -> Reading<SliceContents?> {
        let seen = await executor.run(until: deadline) { [tree] in tree.slice(workspace) }
        return seen ?? .unknown(Self.late)
    }

    /// One look at a session's scope.
    func presence(of scope: ScopeName, until deadline: Deadline) async -> Presence {
        let seen = await executor.run(until: deadline) { [tree] in tree.presence(of: scope) }
        return seen ?? .unknown(Self.late)
    }

    static let late = "the kernel did not answer before the deadline"

    /// The units of systemd whose names begin with the instance's prefix.
    func units(until deadline: Deadline) async -> Reading<[SystemdManager.Unit]> {
        do throws(ScopeFailure) {
            // systemd answers in milliseconds or not at all; the cgroups do not wait for it (I10).
            let soon = min(deadline, .after(.seconds(5)))
            return .known(try await systemd.units(matching: "corral-\(instance)-*", until: soon))
        } catch {
            return .unknown("\(error)")
        }
    }
}
