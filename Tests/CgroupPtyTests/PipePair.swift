import CgroupPty
import Glibc

/// A pipe of a test's own.
struct PipePair: ~Copyable {
    let reader: OwnedFileDescriptor
    let writer: OwnedFileDescriptor

    init() throws {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemCallFailure(call: "pipe", subject: "test", errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reader = OwnedFileDescriptor(adopting: ends[0])
        writer = OwnedFileDescriptor(adopting: ends[1])
    }

    /// Puts one byte in.
    func write() throws { try writer.writeAll([1], name: "pipe") }

    /// Gives the writing end up, for the end of which the reader waits.
    consuming func closeWriter() throws -> OwnedFileDescriptor {
        try writer.close()
        return reader
    }
}
