import Dispatch
import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import CgroupPty
@testable import HostService

@Suite struct `Output that takes the short way` {
    /// A channel's shortcut, and the other end of its socket.
    private struct Way {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel: any Channel
        let shortcut: OutputShortcut
        let client: CInt

        init() async throws {
            var ends: [CInt] = [0, 0]
            #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
            client = ends[1]
            var patience = timeval(tv_sec: 20, tv_usec: 0)
            setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            channel = try await ClientBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(OutputShortcut())
                    }
                }
                .withConnectedSocket(ends[0]).get()
            shortcut = try #require(await OutputShortcut.of(channel))
        }

        /// Sends by the event loop.
        func write(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
            let taken = channel.eventLoop.makePromise(of: Void.self)
            channel.writeAndFlush(bytes, promise: taken)
            return taken.futureResult
        }

        /// Reads so many bytes, or fewer when the socket has come to its end.
        func read(_ count: Int) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            let got = recv(client, &bytes, count, CInt(MSG_WAITALL))
            return Array(bytes.prefix(max(0, got)))
        }

        func end() async throws {
            try? await channel.close()
            Glibc.close(client)
            try await group.shutdownGracefully()
        }
    }

    private static func bytes(_ count: Int) -> ByteBuffer {
        ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    }

    @Test func `arrives while the event loop is busy`() async throws {
        let way = try await Way()
        let gate = DispatchSemaphore(value: 0)
        way.channel.eventLoop.execute { gate.wait() }
        #expect(way.shortcut.send(ByteBuffer(string: "hello")) == .sent)
        #expect(way.read(7) == [0x82, 5] + Array("hello".utf8))
        gate.signal()
        try await way.end()
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65535, 65536, 70000])
    func `is one frame of any length`(count: Int) async throws {
        let way = try await Way()
        #expect(way.shortcut.send(Self.bytes(count)) == .sent)
        let expected = Self.reference(count)
        #expect(way.read(expected.count) == expected)
        try await way.end()
    }

    /// What a server's frame looks like. See: RFC 6455, section 5.2
    private static func reference(_ count: Int) -> [UInt8] {
        let length: [UInt8] =
            switch count {
            case ...125: [UInt8(count)]
            case ...65535: [126] + withUnsafeBytes(of: UInt16(count).bigEndian, Array.init)
            default: [127] + withUnsafeBytes(of: UInt64(count).bigEndian, Array.init)
            }
        return [0x82] + length + Array(bytes(count).readableBytesView)
    }

    @Test func `that the socket took in part is finished before what the event loop sends`() async throws {
        let way = try await Way()
        let frame = Self.bytes(1 << 20)
        guard case .begun(let rest) = way.shortcut.send(frame) else {
            Issue.record("a mebibyte fits into the socket")
            return try await way.end()
        }
        #expect(rest > 0 && rest < frame.readableBytes)
        #expect(way.shortcut.send(ByteBuffer(string: "later")) == .busy)
        let pong = way.write(ByteBuffer(string: "pong"))
        let finished = way.channel.eventLoop.flatSubmit { way.shortcut.finish(in: way.channel) }
        #expect(way.read(10).count == 10)
        #expect(way.read(frame.readableBytes) == Array(frame.readableBytesView))
        #expect(way.read(4) == Array("pong".utf8))
        try await pong.get()
        try await finished.get()
        #expect(way.shortcut.send(ByteBuffer(string: "later")) == .sent)
        #expect(way.read(7) == [0x82, 5] + Array("later".utf8))
        try await way.end()
    }

    @Test func `is refused while the event loop's bytes wait, and after the end`() async throws {
        let way = try await Way()
        let large = way.write(Self.bytes(1 << 20))
        try await way.channel.eventLoop.submit {}.get()
        #expect(way.shortcut.send(ByteBuffer(string: "x")) == .busy)
        #expect(way.read(1 << 20).count == 1 << 20)
        try await large.get()
        #expect(way.shortcut.send(ByteBuffer(string: "x")) == .sent)
        #expect(way.read(3) == [0x82, 1] + Array("x".utf8))
        way.shortcut.end()
        #expect(way.shortcut.send(ByteBuffer(string: "x")) == .busy)
        try await way.end()
    }

    // A second descriptor of a socket keeps the connection open when the first is closed.
    @Test func `does not keep the connection open when the channel is closed`() async throws {
        let way = try await Way()
        try await way.channel.close()
        #expect(way.read(1) == [])
        Glibc.close(way.client)
        try await way.group.shutdownGracefully()
    }
}
