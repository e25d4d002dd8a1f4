/// What the files of one look meant so far: many processes share a cgroup, and reading a path's names costs more than finding it.
public struct KnownCgroups: Sendable {
    /// Hashed at once: an array of bytes is hashed one by one.
    private struct File: Hashable {
        let bytes: [UInt8]

        func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
    }

    private var known: [File: ProcessCgroup] = [:]

    /// Nothing was read yet.
    public init() {}

    /// What the bytes of a `/proc/PID/cgroup` mean, of a process that may be dead.
    subscript(bytes: [UInt8]) -> ProcessCgroup {
        mutating get {
            let file = File(bytes: bytes)
            if let cgroup = known[file] { return cgroup }
            let cgroup = ProcessCgroup(bytes)
            known[file] = cgroup
            return cgroup
        }
    }
}
