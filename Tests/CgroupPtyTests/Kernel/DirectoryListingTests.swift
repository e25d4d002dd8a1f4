import Glibc
import TestSupport
import Testing

@testable import CgroupPty

@Suite struct `A directory's listing` {
    @Test func `has every name but the two dots`() throws {
        let directory = try TemporaryDirectory()
        try Shell.run("cd \(directory.path); touch .hidden ..x ... a; mkdir d; ln -s a l")
        #expect(try Set(DirectoryListing.names(path: directory.path)) == [".hidden", "..x", "...", "a", "d", "l"])
    }

    @Test func `leaves out what is no directory, when it is asked to`() throws {
        let directory = try TemporaryDirectory()
        try Shell.run("cd \(directory.path); touch a; mkdir d; ln -s d l")
        let opened = try OwnedFileDescriptor.open(path: directory.path, flags: O_RDONLY | O_DIRECTORY)
        #expect(try DirectoryListing.names(opened, name: directory.path, directoriesOnly: true) == ["d"])
    }

    @Test func `keeps the bytes of a name that is not UTF-8`() throws {
        let directory = try TemporaryDirectory()
        try Shell.run("mkdir \"\(directory.path)/$(printf 'a\\377')\"")
        let opened = try OwnedFileDescriptor.open(path: directory.path, flags: O_RDONLY | O_DIRECTORY)
        let names = try DirectoryListing.terminatedNames(opened, name: directory.path, directoriesOnly: true)
        #expect(names == [[CChar(UInt8(ascii: "a")), CChar(bitPattern: 0xff), 0]])
    }

    @Test func `of nothing names the path`() {
        #expect(throws: SystemCallFailure(call: "open", subject: "/nowhere", errno: ENOENT)) {
            try DirectoryListing.names(path: "/nowhere")
        }
    }

    @Test func `closes what it opened (I5)`() throws {
        let directory = try TemporaryDirectory()
        let opened = try OwnedFileDescriptor.open(path: directory.path, flags: O_RDONLY | O_DIRECTORY)
        for _ in 0..<50 { _ = try DirectoryListing.names(opened.duplicate(), name: "x", directoriesOnly: false) }
        #expect(try DescriptorCount.sharing(opened) == 1)
    }
}
