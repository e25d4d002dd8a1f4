internal import CSystemd
import Glibc

/// How many descriptors a process may have: the host needs three for each session, and a session should have what the person
/// is used to.
///
/// See: getrlimit(2), RLIMIT_NOFILE; systemd.exec(5), "LimitNOFILE=" on why the soft limit is 1024
public struct OpenFileLimit: Sendable {
    private let soft: rlim_t
    private let hard: rlim_t

    /// What tells a successor of this process, which inherits the raised limit, what it was.
    public static let variable = "CORRAL_OPEN_FILES"

    /// What ``variable`` is to be.
    public var text: String { String(soft) }

    /// Raises this process's soft limit to its hard one.
    /// - Parameter before: what it was, as a predecessor has told it; nil where there was none.
    /// - Returns: what it was, for the processes that it starts.
    public static func raise(before told: String?) throws(SystemCallFailure) -> OpenFileLimit {
        var limit = rlimit()
        try retryingInterrupted("getrlimit", "RLIMIT_NOFILE") {
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        let soft = told.flatMap { rlim_t($0) } ?? limit.rlim_cur
        let before = OpenFileLimit(soft: min(soft, limit.rlim_max), hard: limit.rlim_max)
        limit.rlim_cur = limit.rlim_max
        try retryingInterrupted("setrlimit", "RLIMIT_NOFILE") {
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return before
    }

    /// Gives a parked leader the limit that this process had.
    /// - Precondition: the leader is our child and not collected, so that its number is its own.
    public func restore(in leader: Leader) throws(SystemCallFailure) {
        let pid = leader.pidfd.pid
        let answer = corral_limit_open_files(pid.rawValue, UInt64(soft), UInt64(hard))
        guard answer >= 0 else { throw SystemCallFailure(call: "prlimit", subject: "process \(pid)", errno: -answer) }
    }
}
