import Glibc
import Testing

@testable import HostService

@Suite struct `A peer` {
    @Test(
        arguments: [
            (1000, 1000, true), (0, 1000, true), (0, 0, true), (1000, 0, false), (1001, 1000, false),
            (65534, 1000, false),
            (UInt32.max, 1000, false),
        ] as [(UInt32, UInt32, Bool)])
    func `is served when it is the server's user or root`(peer: UInt32, server: UInt32, isServed: Bool) {
        #expect(PeerCredentials(pid: 1, uid: peer, gid: peer).isServed(byUser: server) == isServed)
    }

    @Test func `is known by its socket`() {
        var pair: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { pair.forEach { close($0) } }
        #expect(PeerCredentials(ofSocket: pair[0]) == PeerCredentials(pid: getpid(), uid: geteuid(), gid: getegid()))
    }

    @Test func `is nobody on what is no socket`() {
        let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        #expect(PeerCredentials(ofSocket: file) == nil)
    }

    @Test func `that is not served is told so, whatever it asks`() async throws {
        try await Served.run(mayConnect: { _ in false }) { served in
            let client = try served.client()
            let answer = try await client.request("GET", "/v1/status")
            #expect(answer.status == 403)
            #expect(try answer.code == "forbidden")
            #expect(try await client.isAtEnd())
            #expect(served.host.calls == [])
            let peer = "uid \(geteuid()), gid \(getegid()), pid \(getpid())"
            #expect(
                served.log.lines == ["peer refused: \(peer) message_id=\(JournalMessage.peerRefused.rawValue)"])
        }
    }

    @Test func `is asked about once a connection`() async throws {
        let asked = AsyncStream.makeStream(of: PeerCredentials.self)
        try await Served.run(mayConnect: {
            asked.continuation.yield($0); return true
        }) { served in
            let client = try served.client()
            for _ in 0..<3 { #expect(try await client.request("GET", "/v1/status").status == 200) }
            asked.continuation.finish()
        }
        var peers: [PeerCredentials] = []
        for await peer in asked.stream { peers.append(peer) }
        #expect(peers == [PeerCredentials(pid: getpid(), uid: geteuid(), gid: getegid())])
    }
}
