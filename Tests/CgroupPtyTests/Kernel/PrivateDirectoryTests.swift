import Glibc
import TestSupport
import Testing

@testable import CgroupPty

@Suite struct `A private directory` {
    private func rights(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_mode & 0o7777
    }

    @Test func `is made for its user alone, with those above it`() throws {
        let directory = try TemporaryDirectory()
        try PrivateDirectory.make(directory.path + "/a/b")
        #expect(try rights(directory.path + "/a") == 0o700)
        #expect(try rights(directory.path + "/a/b") == 0o700)
        try PrivateDirectory.make(directory.path + "/a/b/")
    }

    /// Such a one was used as it was, and anybody could put files into it.
    @Test(arguments: [mode_t(0o777), 0o755, 0o500]) func `is taken back from others, also through a link`(
        mode: mode_t
    ) throws {
        let directory = try TemporaryDirectory()
        try Shell.run("mkdir real; ln -s real link", in: directory.path)
        try #require(chmod(directory.path + "/real", mode) == 0)
        try PrivateDirectory.make(directory.path + "/link")
        #expect(try rights(directory.path + "/real") == 0o700)
    }

    /// It was used: a runtime directory of somebody else's in every case, and by root also a state directory.
    @Test func `is nobody else's, whose stays as it is`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/shared"
        try Shell.run("mkdir shared; chmod 777 shared", in: directory.path)
        let expected = SystemCallFailure(
            call: "use", subject: "\(path), which belongs to uid \(geteuid()) and not to \(geteuid() + 1)", errno: EPERM
        )
        #expect(throws: expected) { try PrivateDirectory.make(path, user: geteuid() + 1) }
        #expect(try rights(path) == 0o777)
    }

    @Test func `is not what is no directory`() throws {
        let directory = try TemporaryDirectory()
        try Shell.run("touch file", in: directory.path)
        let path = directory.path + "/file"
        #expect(throws: SystemCallFailure(call: "open", subject: path, errno: ENOTDIR)) {
            try PrivateDirectory.make(path)
        }
        #expect(throws: SystemCallFailure(call: "mkdir", subject: path + "/x", errno: ENOTDIR)) {
            try PrivateDirectory.make(path + "/x")
        }
    }
}
