public import CgroupPty
import Glibc

/// Finds the ports that processes of workspaces wait at.
///
/// Who is a workspace's is what its slice lists, so a daemon that detached is found, and one whose shell has ended. What waits is
/// read from `/proc/PID/net` of one process in each network namespace that they are in: an ordinary user may read that of every
/// namespace that he has a process in, while netlink would have to be asked from within, which only root may. The two are joined
/// by the sockets' inodes, which are the machine's and not a namespace's.
///
/// One look is a walk through the processes of all slices, off the threads of Swift's pool and with a deadline.
public struct PortScan: Sendable {
    let instance: InstanceID
    let ground: CgroupGround
    let procfs: Procfs
    let monitor: ReadinessMonitor
    let executor: BlockingExecutor

    /// Takes what it works with.
    public init(
        instance: InstanceID, ground: CgroupGround, procfs: Procfs, monitor: ReadinessMonitor,
        executor: BlockingExecutor
    ) {
        self.instance = instance
        self.ground = ground
        self.procfs = procfs
        self.monitor = monitor
        self.executor = executor
    }

    /// One look.
    /// - Returns: unknown when the slices could not be listed, or the deadline passed.
    public func look(until deadline: Deadline) async -> Reading<PortLook> {
        let tree = GroundTree(instance: instance, ground: ground, procfs: procfs)
        let seen = await executor.run(until: deadline) { () -> Reading<PortLook> in
            switch tree.slices(until: deadline) {
            case .unknown(let reason): return .unknown(reason)
            case .known(let slices):
                var walk = PortWalk(procfs)
                for (workspace, contents) in slices { walk.add(contents, of: workspace) }
                return walk.finish(until: deadline)
            }
        }
        return seen ?? .unknown(GroundReader.late)
    }

    /// Whether another look could see another thing than an earlier one did, by a glance at the sockets that wait in the network namespace
    /// of the host itself: four files, whatever runs.
    ///
    /// It does not see what happens in other network namespaces, nor that a socket was handed to another process.
    /// - Returns: true also when the files could not be read.
    public func hasNews(since look: PortLook) async -> Bool {
        await executor.run { [procfs] in
            do throws(SystemCallFailure) {
                guard let sockets = try procfs.boundSockets(seenBy: ProcessID(getpid())) else { return true }
                return look.isOutdated(by: Set(sockets.map(\.inode)))
            } catch {
                return true
            }
        }
    }
}
