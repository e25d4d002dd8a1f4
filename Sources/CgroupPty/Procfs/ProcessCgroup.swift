/// Where `/proc/PID/cgroup` says that a process is in the unified hierarchy.
///
/// Only the line that begins with `0::` counts; others name v1 hierarchies. A path may hold colons and spaces. A removed
/// cgroup is marked ` (deleted)`, and a process outside our cgroup namespace shows a path with `..`. Anybody may give a cgroup
/// a name that ends with that mark: ``Procfs/cgroup(_:)`` tells the two apart by whether the process lives.
/// See: cgroups(7), "/proc files"
public enum ProcessCgroup: Sendable, Equatable {
    case path(CgroupPath)
    /// The cgroup was removed; only a zombie can be in it.
    case removed
    /// Outside our namespace, or in no unified hierarchy: nothing of ours.
    case outside

    /// Reads the file's bytes, of a process that may be dead.
    public init(_ bytes: [UInt8]) {
        self.init(bytes, isAlive: false)
    }

    /// Reads the file's bytes; a live process is never in a removed cgroup.
    init(_ bytes: [UInt8], isAlive: Bool) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard line.starts(with: "0::".utf8) else { continue }
            let path = line.dropFirst(3)
            if !isAlive, path.suffix(10).elementsEqual(" (deleted)".utf8) {
                self = .removed
            } else {
                self = CgroupPath(bytes: path).map { .path($0) } ?? .outside
            }
            return
        }
        self = .outside
    }
}
