import Glibc

/// What tells one boot, one machine and one cgroup namespace from another.
public enum BootIdentity {
    /// A random id that the kernel makes at boot. See: random(4), /proc/sys/kernel/random/boot_id
    public static func bootID() throws(SystemCallFailure) -> String {
        try firstLine("/proc/sys/kernel/random/boot_id")
    }

    /// See: machine-id(5)
    public static func machineID() throws(SystemCallFailure) -> String {
        try firstLine("/etc/machine-id")
    }

    /// Inode of our cgroup namespace. See: cgroup_namespaces(7)
    public static func cgroupNamespace() throws(SystemCallFailure) -> UInt64 {
        let path = "/proc/self/ns/cgroup"
        return try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).identity(name: path).inode
    }

    private static func firstLine(_ path: String) throws(SystemCallFailure) -> String {
        let bytes = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).readToEnd(name: path)
        let line = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard !line.isEmpty else { throw SystemCallFailure(call: "read", subject: path, errno: ENODATA) }
        return line
    }
}
