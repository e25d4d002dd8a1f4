import CgroupPty
import Glibc
import TestSupport
import Testing

@Suite struct `An owned descriptor` {
    @Test func `is counted, so that a leak would be seen`() throws {
        let pipe = try PipePair()
        let before = try DescriptorCount.sharing(pipe.reader)
        let leaked = try pipe.reader.duplicate().release()
        #expect(try DescriptorCount.sharing(pipe.reader) == before + 1)
        close(leaked)
        #expect(try DescriptorCount.sharing(pipe.reader) == before)
    }

    @Test func `is closed when its owner goes (I5)`() throws {
        let pipe = try PipePair()
        let before = try DescriptorCount.sharing(pipe.reader)
        do {
            let copy = try pipe.reader.duplicate()
            #expect(try DescriptorCount.sharing(pipe.reader) == before + 1)
            _ = copy
        }
        #expect(try DescriptorCount.sharing(pipe.reader) == before)
    }

    @Test func `is closed once by close, and its owner has nothing left to close (I5)`() throws {
        let pipe = try PipePair()
        let before = try DescriptorCount.sharing(pipe.reader)
        let copy = try pipe.reader.duplicate()
        try copy.close()
        #expect(try DescriptorCount.sharing(pipe.reader) == before)
    }

    @Test func `stays open when it is released (I5)`() throws {
        let pipe = try PipePair()
        let raw = try pipe.writer.duplicate().release()
        #expect(fcntl(raw, F_GETFD) == FD_CLOEXEC)
        let again = OwnedFileDescriptor(adopting: raw)
        try again.writeAll([7], name: "pipe")
        try again.close()
    }

    @Test func `stays open when it is lent`() throws {
        let pipe = try PipePair()
        let first = pipe.writer.withRawValue { $0 }
        let second = pipe.writer.withRawValue { $0 }
        #expect(first == second)
        #expect(fcntl(first, F_GETFD) == FD_CLOEXEC)
    }

    @Test func `forwards what the borrower throws`() throws {
        let pipe = try PipePair()
        let failure = SystemCallFailure(call: "ioctl", subject: "x", errno: ENOTTY)
        #expect(throws: failure) {
            try pipe.reader.withRawValue { _ throws(SystemCallFailure) in throw failure }
        }
    }

    @Test func `is duplicated at 3 or above and close-on-exec`() throws {
        let pipe = try PipePair()
        let copy = try pipe.reader.duplicate()
        #expect(copy.withRawValue { $0 } >= 3)
        #expect(copy.withRawValue { fcntl($0, F_GETFD) } == FD_CLOEXEC)
    }

    @Test func `is opened close-on-exec, by path and below a directory`() throws {
        let directory = try TemporaryDirectory()
        let opened = try OwnedFileDescriptor.open(path: directory.path, flags: O_RDONLY | O_DIRECTORY)
        #expect(opened.withRawValue { fcntl($0, F_GETFD) } == FD_CLOEXEC)
        let file = try opened.open("file", flags: O_CREAT | O_RDWR, mode: 0o600)
        #expect(file.withRawValue { fcntl($0, F_GETFD) } == FD_CLOEXEC)
        #expect(access(directory.path + "/file", F_OK) == 0)
    }

    @Test func `names what could not be opened`() {
        #expect(throws: SystemCallFailure(call: "open", subject: "/nowhere/at/all", errno: ENOENT)) {
            _ = try OwnedFileDescriptor.open(path: "/nowhere/at/all", flags: O_RDONLY)
        }
        #expect(throws: SystemCallFailure(call: "openat", subject: "file", errno: ENOTDIR)) {
            _ = try OwnedFileDescriptor.open(path: "/proc/self/stat", flags: O_RDONLY).open("file", flags: O_RDONLY)
        }
    }

    @Test func `reads to the end and writes all, however many pieces it takes`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try OwnedFileDescriptor.open(path: path, flags: O_CREAT | O_WRONLY, mode: 0o600).writeAll(bytes, name: path)
        #expect(try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).readToEnd(name: path) == bytes)
    }

    @Test func `writes nothing for no bytes`() throws {
        let pipe = try PipePair()
        try pipe.writer.writeAll([], name: "pipe")
        let reader = try pipe.closeWriter()
        #expect(try reader.readToEnd(name: "pipe").isEmpty)
    }

    @Test func `refuses to read more than its limit (I8)`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        try OwnedFileDescriptor.open(path: path, flags: O_CREAT | O_WRONLY, mode: 0o600)
            .writeAll([UInt8](repeating: 0, count: 1001), name: path)
        #expect(throws: SystemCallFailure(call: "read", subject: path, errno: EFBIG)) {
            try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).readToEnd(name: path, limit: 1000)
        }
        #expect(
            try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).readToEnd(name: path, limit: 1001).count == 1001)
    }

    @Test func `is recognised by device and inode`() throws {
        let pipe = try PipePair()
        let other = try PipePair()
        let identity = try pipe.reader.identity(name: "pipe")
        #expect(try pipe.writer.identity(name: "pipe") == identity)
        #expect(try other.reader.identity(name: "pipe") != identity)
        #expect(FileIdentity(device: 8, inode: 12).description == "8:12")
    }

    @Test func `that somebody else has closed is a trap (I5)`() async {
        await #expect(processExitsWith: .failure) {
            let owned = try OwnedFileDescriptor.open(path: "/dev/null", flags: O_RDONLY)
            _ = owned.withRawValue { Glibc.close($0) }
            try owned.close()
        }
    }
}
