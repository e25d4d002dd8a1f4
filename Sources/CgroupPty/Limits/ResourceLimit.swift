/// A limit that systemd sets on a slice or a scope and the kernel enforces there.
///
/// See: systemd.resource-control(5); cgroup-v2.rst
public enum ResourceLimit: String, Sendable, CaseIterable, Hashable {
    /// Bytes that the processes may use; beyond them the kernel's out-of-memory killer ends one of them.
    case memoryMax = "memory_max"
    /// Bytes beyond which the processes are slowed down and their memory is reclaimed.
    case memoryHigh = "memory_high"
    /// Microseconds of processor time a second, over all processors: 2,000,000 are two whole processors.
    case cpuQuota = "cpu_quota"
    /// Share of the processors beside the siblings, 1 to 10,000; 100 is what everybody has.
    case cpuWeight = "cpu_weight"
    /// Tasks (processes and threads) that may exist at the same time; beyond them fork(2) fails.
    case tasksMax = "tasks_max"
    /// Share of the disks beside the siblings, 1 to 10,000; 100 is what everybody has.
    case ioWeight = "io_weight"

    /// A part of the kernel that counts and limits; a cgroup has its files only where an ancestor handed it down.
    public enum Controller: String, Sendable, CaseIterable, Hashable {
        case memory, cpu, pids, io
    }

    /// The controller that enforces it.
    public var controller: Controller {
        switch self {
        case .memoryMax, .memoryHigh: .memory
        case .cpuQuota, .cpuWeight: .cpu
        case .tasksMax: .pids
        case .ioWeight: .io
        }
    }

    /// The property on the bus, of type `t`. Its greatest value lifts the limit, or gives a weight back to the default.
    ///
    /// See: org.freedesktop.systemd1(5)
    var property: String {
        switch self {
        case .memoryMax: "MemoryMax"
        case .memoryHigh: "MemoryHigh"
        case .cpuQuota: "CPUQuotaPerSecUSec"
        case .cpuWeight: "CPUWeight"
        case .tasksMax: "TasksMax"
        case .ioWeight: "IOWeight"
        }
    }
}
