/// Where `/proc/PID/cgroup` says that a process is in the unified hierarchy.
///
/// Only the line that begins with `0::` counts; others name v1 hierarchies. A path may hold colons and spaces. A removed
/// cgroup is marked ` (deleted)`, and a process outside our cgroup namespace shows a path with `..`.
/// See: cgroups(7), "/proc files"
public enum ProcessCgroup: Sendable, Equatable {
    case path(CgroupPath)
    /// The cgroup was removed; only a zombie can be in it.
    case removed
    /// Outside our namespace, or in no unified hierarchy: nothing of ours.
    case outside

    /// Reads the file's bytes.
    public init(_ bytes: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard line.starts(with: Array("0::".utf8)) else { continue }
            let text = String(decoding: line.dropFirst(3), as: UTF8.self)
            if text.hasSuffix(" (deleted)") {
                self = .removed
            } else {
                self = CgroupPath(text).map { .path($0) } ?? .outside
            }
            return
        }
        self = .outside
    }
}
