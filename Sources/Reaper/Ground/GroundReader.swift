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
        let tree = tree.after(census)
        let listed = await executor.run(until: deadline) { (tree.workspaces(), tree.foreign()) }
        let (workspaces, foreign) = listed ?? (.unknown(Self.late), .unknown(Self.late))
        let slices = await slices(of: workspaces, tree, until: deadline)
        let places = await executor.run(until: deadline) { tree.leaders(leaders, without: slices) }
        return GroundTruth(
            instance: instance, slices: places == nil ? .unknown(Self.late) : slices, foreign: foreign, units: units,
            leaders: places ?? [:])
    }

    private func slices(
        of workspaces: Reading<[WorkspaceID]>, _ tree: GroundTree, until deadline: Deadline
    ) async -> Reading<[WorkspaceID: Reading<SliceContents>]> {
        switch workspaces {
        case .unknown(let reason): return .unknown(reason)
        case .known(let workspaces):
            let read = await executor.runInHalves(of: workspaces, until: deadline) {
                tree.slices(of: $0, until: deadline)
            }
            guard let (some, others) = read else { return .unknown(Self.late) }
            return some.combined(with: others) { $0.merging($1) { first, _ in first } }
        }
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
