import CgroupPty
import Foundation
import TestSupport
import Testing

@testable import Reaper

@Suite struct `A walk for ports` {
    /// A directory that looks like procfs, with this very process in network namespace 1.
    private struct Tree {
        let directory: TemporaryDirectory
        var procfs: Procfs { Procfs(root: directory.path) }

        init(own: String = "") throws {
            directory = try TemporaryDirectory()
            try add(Int(getpid()), namespace: 1, tcp: own)
        }

        /// - Parameters:
        ///   - tcp: lines of the namespace's table; nil for a process without one, as a dead one's.
        ///   - open: inodes of its sockets; nil when that may not be read.
        func add(_ pid: Int, namespace: Int, start: Int = 7, tcp: String? = nil, open: [Int]? = []) throws {
            let place = directory.path + "/\(pid)"
            let files = FileManager.default
            for name in ["fd", "ns", "net"] {
                try files.createDirectory(atPath: "\(place)/\(name)", withIntermediateDirectories: true)
            }
            try files.createSymbolicLink(atPath: "\(place)/ns/net", withDestinationPath: "net:[\(namespace)]")
            let zeros = String(repeating: "0 ", count: 12)
            try "\(pid) (x) S 1 1 1 0 -1 0 \(zeros)\(start) 0\n".write(
                toFile: "\(place)/stat", atomically: false, encoding: .utf8)
            if let tcp {
                for name in ["tcp", "udp"] {
                    try ("header\n" + (name == "tcp" ? tcp : "")).write(
                        toFile: "\(place)/net/\(name)", atomically: false, encoding: .utf8)
                }
            }
            if let open {
                for inode in open {
                    try files.createSymbolicLink(
                        atPath: "\(place)/fd/\(inode)", withDestinationPath: "socket:[\(inode)]")
                }
            } else {
                // A file where a directory is wanted: it cannot be listed, and root may not either.
                try files.removeItem(atPath: "\(place)/fd")
                try "".write(toFile: "\(place)/fd", atomically: false, encoding: .utf8)
            }
        }

        /// Looks at processes that are all in one session of one workspace.
        func look(_ pids: [Int], start: UInt64 = 7) -> PortLook? {
            var walk = PortWalk(procfs)
            let members = pids.map { ProcessIdentity(pid: ProcessID(Int32($0)), startTicks: start) }
            walk.add(
                .known(
                    SliceContents(
                        isPopulated: true, scopes: [Sample.session: .populated(.known(members))], strangers: [])),
                of: Sample.workspace)
            return walk.finish(until: .after(.seconds(60))).value
        }
    }

    private static func line(_ port: Int, _ inode: Int) -> String {
        "0: 0100007F:\(String(port, radix: 16, uppercase: true)) 00000000:0000 0A a b c 0 0 \(inode) 1\n"
    }

    private static func id(_ port: UInt16, namespace: UInt64 = 1) -> OpenPort.Identity {
        OpenPort.Identity(
            workspace: Sample.workspace,
            place: OpenPort.Place(namespace: namespace, transport: .tcp, address: "127.0.0.1", port: port))
    }

    @Test func `joins what waits with who has it open, and leaves out what others serve`() throws {
        let sample = try Tree(own: Self.line(3000, 100) + Self.line(22, 101))
        try sample.add(50, namespace: 1, open: [100, 555])
        let look = try #require(sample.look([50]))
        #expect(look.ports.map(\.id) == [Self.id(3000)])
        #expect(look.ports.first?.holders.map(\.process.pid) == [ProcessID(50)])
        #expect(look.ports.first?.holders.first?.session == Sample.session)
        #expect(look.gaps.isEmpty && look.processes == 1)
    }

    @Test func `finds a port in another network namespace through a process that is there`() throws {
        let sample = try Tree()
        try sample.add(50, namespace: 2, open: [100])
        // The first process of the namespace has just ended: the next one shows its table.
        try sample.add(51, namespace: 2, tcp: Self.line(3000, 100), open: [100])
        let look = try #require(sample.look([50, 51]))
        #expect(look.ports.map(\.id) == [Self.id(3000, namespace: 2)])
        #expect(look.ports.first?.holders.count == 2)
        #expect(look.ownNamespace == 1)
    }

    @Test func `takes sockets that share a port for one port`() throws {
        let sample = try Tree(own: Self.line(3000, 100) + Self.line(3000, 101))
        try sample.add(50, namespace: 1, open: [100, 101])
        let look = try #require(sample.look([50]))
        #expect(look.ports.count == 1 && look.ports.first?.inodes == [100, 101])
        #expect(look.ports.first?.holders.count == 1)
    }

    @Test func `takes another process with the same number for none of the session`() throws {
        let sample = try Tree(own: Self.line(3000, 100))
        try sample.add(50, namespace: 1, start: 8, open: [100])
        let look = try #require(sample.look([50]))
        #expect(look.ports.isEmpty && look.gaps.isEmpty)
    }

    @Test func `counts a process that cannot be looked into, and does not take its ports for closed (I3)`() throws {
        let sample = try Tree(own: Self.line(3000, 100))
        try sample.add(50, namespace: 1, open: nil)
        let look = try #require(sample.look([50]))
        #expect(look.ports.isEmpty && look.gaps.count == 1, "\(look.gaps)")
        #expect(look.gaps.first?.workspace == Sample.workspace)
        #expect(look.couldHide(Self.id(3000), of: []))
        #expect(!look.couldHide(Self.id(3001), of: []), "nobody at all waits there")
        #expect(look.couldHide(Self.id(3000, namespace: 9), of: []), "that namespace was not read")
    }

    @Test func `counts a socket table that cannot be read, and a slice (I3)`() throws {
        let sample = try Tree()
        try sample.add(50, namespace: 2, tcp: "garbage\n", open: [100])
        let look = try #require(sample.look([50]))
        #expect(look.gaps.map(\.workspace) == [nil], "\(look.gaps)")
        #expect(look.couldHide(Self.id(1, namespace: 2), of: []))
        var walk = PortWalk(sample.procfs)
        walk.add(.unknown("why"), of: Sample.workspace)
        let other = try #require(walk.finish(until: .after(.seconds(60))).value)
        #expect(other.gaps == [PortLook.Gap(workspace: Sample.workspace, reason: "why")])
    }

    @Test func `that is complete tells that a port is closed, also when somebody else waits there now`() throws {
        let sample = try Tree(own: Self.line(3000, 100))
        try sample.add(50, namespace: 1)
        let look = try #require(sample.look([50]))
        #expect(!look.couldHide(Self.id(3000), of: []) && !look.couldHide(Self.id(3000, namespace: 9), of: []))
    }

    /// Symptom: a port was told to be closed that was not. Cause: its process had ended during the walk, and a child of it had the socket.
    @Test func `does not tell that a port is closed whose socket waits still, unless another workspace has it`() throws
    {
        let sample = try Tree(own: Self.line(3000, 100) + Self.line(3001, 101))
        try sample.add(50, namespace: 1, open: [101])
        let look = try #require(sample.look([50, 51]))
        #expect(look.couldHide(Self.id(3000), of: [100]))
        #expect(!look.couldHide(Self.id(3000), of: [99]), "another socket is at its place")
        #expect(!look.couldHide(Self.id(3001), of: [101]), "it is seen who has it")
        #expect(look.isTaken(3000, .tcp) && look.isTaken(3000, nil) && !look.isTaken(3000, .udp))
    }

    @Test(
        arguments: [
            ([100, 101], false), ([100], false), ([100, 101, 102], true), ([101], true), ([], true),
        ] as [(Set<UInt64>, Bool)])
    func `is outdated by a socket that is new, of whomever, and by one of a port that is gone`(
        now: Set<UInt64>, isOutdated: Bool
    ) throws {
        let sample = try Tree(own: Self.line(3000, 100) + Self.line(22, 101))
        try sample.add(50, namespace: 1, open: [100])
        // What a glance cannot see in another namespace makes no look outdated.
        try sample.add(51, namespace: 2, tcp: Self.line(3000, 200), open: [200])
        let look = try #require(sample.look([50, 51]))
        #expect(look.ports.count == 2)
        #expect(look.isOutdated(by: now) == isOutdated)
    }
}
