import CgroupPty
import Foundation
import Glibc
import Testing

@testable import SessionIndex

@Suite struct `An index lock` {
    @Test func `is given to one holder at a time, and names it to the second`() throws {
        let directory = ScratchDirectory()
        let first = try IndexLock.acquire(directory: directory.path)
        let failure = #expect(throws: IndexFailure.self) { try IndexLock.acquire(directory: directory.path + "/") }
        #expect(failure == .locked(directory: directory.path, holder: ProcessID(getpid())))
        #expect(
            failure?.description
                == "lock the index in \(directory.path): held by process \(getpid()); "
                + "an index has one writer, so it was not opened")
        #expect(first.directory == directory.path)
    }

    @Test func `is free again when its object is gone, and the file stays`() throws {
        let directory = ScratchDirectory()
        var lock: IndexLock? = try IndexLock.acquire(directory: directory.path)
        #expect(lock != nil)
        lock = nil
        #expect(FileManager.default.fileExists(atPath: directory.path + "/index.lock"))
        lock = try IndexLock.acquire(directory: directory.path)
        #expect(lock != nil)
    }

    @Test func `is held by a process, whatever an earlier one wrote into the file`() throws {
        let directory = ScratchDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try Data("123456789 some long text of an earlier holder\n".utf8)
            .write(to: URL(fileURLWithPath: directory.path + "/index.lock"))
        let lock = try IndexLock.acquire(directory: directory.path)
        #expect(
            try String(contentsOfFile: directory.path + "/index.lock", encoding: .utf8) == "\(getpid())\n")
        withExtendedLifetime(lock) {}
    }

    @Test func `is not inherited by sessions, and nobody else reads its file`() throws {
        let directory = ScratchDirectory()
        let lock = try IndexLock.acquire(directory: directory.path)
        let file = URL(fileURLWithPath: directory.path + "/index.lock").resolvingSymlinksInPath().path
        var flags: [CInt] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
            if target == file, let number = CInt(name) { flags.append(fcntl(number, F_GETFD)) }
        }
        #expect(flags == [FD_CLOEXEC])
        #expect(try directory.rights(file) == 0o600)
        #expect(try directory.rights(directory.path) == 0o700)
        withExtendedLifetime(lock) {}
    }

    @Test func `is not taken through a symbolic link`() throws {
        let directory = ScratchDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/index.lock", withDestinationPath: "/dev/null")
        let failure = #expect(throws: IndexFailure.self) { try IndexLock.acquire(directory: directory.path) }
        #expect(
            failure?.description
                == "open \(directory.path)/index.lock: Too many levels of symbolic links (errno 40); "
                + "the index was not opened")
    }
}
