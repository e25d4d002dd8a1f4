import Glibc

/// A system call that failed: which, on what, and the kernel's answer.
///
/// Thrown as it is through every layer and never matched except where it is raised or where a particular `errno` is an
/// outcome (`ENOENT` for a thing that may be gone).
public struct SystemCallFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The call as in its manual page, for instance `openat2`.
    public let call: String
    /// What it was made on: a path, a unit, a process.
    public let subject: String
    /// The kernel's answer.
    public let errno: CInt

    /// Names a failure.
    public init(call: String, subject: String, errno: CInt) {
        self.call = call
        self.subject = subject
        self.errno = errno
    }

    /// For instance `openat /sys/fs/cgroup/x: No such file or directory (errno 2)`.
    public var description: String {
        "\(call) \(subject): \(String(cString: strerror(errno))) (errno \(errno))"
    }
}

/// Makes a call again while a signal interrupts it, and throws its error.
///
/// Not for `close(2)`: after `EINTR` the descriptor is closed all the same.
/// - Returns: the call's answer, which is not negative.
/// - Throws: ``SystemCallFailure`` with the `errno` of the last try.
@discardableResult
public func retryingInterrupted<Answer: SignedInteger>(
    _ call: @autoclosure () -> String, _ subject: @autoclosure () -> String, _ body: () -> Answer
) throws(SystemCallFailure) -> Answer {
    while true {
        let answer = body()
        if answer >= 0 { return answer }
        let code = errno
        if code != EINTR { throw SystemCallFailure(call: call(), subject: subject(), errno: code) }
    }
}
