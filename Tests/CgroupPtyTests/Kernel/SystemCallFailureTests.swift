import CgroupPty
import Glibc
import Testing

@Suite struct `A system call's failure` {
    @Test func `says the call, the subject and the kernel's answer`() {
        let failure = SystemCallFailure(call: "openat", subject: "cgroup.events", errno: ENOENT)
        #expect("\(failure)" == "openat cgroup.events: No such file or directory (errno 2)")
    }

    @Test func `is thrown with the error number of the last try`() {
        var tries = 0
        let failure = #expect(throws: SystemCallFailure.self) {
            try retryingInterrupted("read", "x") { () -> Int in
                tries += 1
                errno = tries < 3 ? EINTR : EIO
                return -1
            }
        }
        #expect(failure == SystemCallFailure(call: "read", subject: "x", errno: EIO))
        #expect(tries == 3)
    }

    @Test func `does not happen for an interruption alone`() throws {
        var tries = 0
        let answer = try retryingInterrupted("read", "x") { () -> Int in
            tries += 1
            errno = EINTR
            return tries < 4 ? -1 : 42
        }
        #expect(answer == 42)
    }
}
