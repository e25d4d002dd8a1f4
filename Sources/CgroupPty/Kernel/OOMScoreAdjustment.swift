import Glibc

/// How likely the kernel's out-of-memory killer takes a process, beside what memory it has: the host is less likely than what it starts.
///
/// Its unit lowers the host's, and a child inherits that. A session must not have it: what runs away is in the sessions, and would
/// be kept in the place of everything else on the machine.
///
/// See: proc(5), `/proc/PID/oom_score_adj`; systemd.exec(5), `OOMScoreAdjust=`
public struct OOMScoreAdjustment: Sendable {
    /// What sessions get; nil when they keep what they inherit.
    private let sessions: Int32?

    /// Compares this process's own with that of the manager's other services.
    /// - Parameter services: from ``SystemdManager/serviceOOMScoreAdjustment(until:)``. A host that has as much, or more, hands its own
    ///   on: to raise is always allowed, to lower only to those who have `CAP_SYS_RESOURCE`.
    /// - Throws: ``SystemCallFailure`` from reading the own one; `EBADMSG` when it is no number.
    public init(services: Int32, procfs: Procfs) throws(SystemCallFailure) {
        let path = "\(procfs.root)/self/oom_score_adj"
        let bytes = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).readToEnd(name: path)
        guard let own = Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)) else {
            throw SystemCallFailure(call: "read", subject: path, errno: EBADMSG)
        }
        sessions = own < services ? services : nil
    }

    /// Gives a parked leader what the manager's other services have.
    /// - Precondition: the leader is our child and not collected, so that its number is its own.
    public func restore(in leader: Leader, procfs: Procfs) throws(SystemCallFailure) {
        guard let sessions else { return }
        let path = "\(procfs.root)/\(leader.pidfd.pid)/oom_score_adj"
        try OwnedFileDescriptor.open(path: path, flags: O_WRONLY).writeAll("\(sessions)".utf8, name: path)
    }
}
