import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// From a client's socket through WebSocket, host and terminal to a program, and all the way back.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `Every byte that a client types` {
    /// More than may wait in the host and in all sockets together.
    private static let count = 3 << 20

    /// Does not read until the kernel's own buffer is full of input, then little by little for a while, then as fast as it can; gives all of
    /// it back, and says at last what it has got.
    private static func program(keeping file: String) -> String {
        """
        stty raw -echo; echo ready
        perl -e 'do { select undef, undef, undef, 0.01; ioctl STDIN, 0x541B, $n = pack "i", 0 } until unpack("i", $n) >= 4095'
        echo full
        { dd bs=7 count=2000 iflag=fullblock status=none; head -c \(count - 14_000); } | tee '\(file)'
        sha256sum <'\(file)'; exec sleep 1000
        """
    }

    /// Sends one write after the other as the socket takes them, while it reads, until so many bytes have come.
    private static func exchange(
        _ writes: [ArraySlice<UInt8>], for count: Int, _ client: HostClient, _ session: String, epoch: String
    ) async throws -> (bytes: [UInt8], synced: AttachMessage?, closed: Int?) {
        try await BlockingExecutor(label: "exact").run {
            Result {
                let socket = try AttachSocket.open(
                    host: client.address, session: session, from: 0, epoch: epoch, timeout: .seconds(30))
                var bytes: [UInt8] = []
                var synced: AttachMessage?
                var closed: Int?
                var writes = writes[...]
                let deadline = Deadline.after(.seconds(120))
                while bytes.count < count, closed == nil, !deadline.hasPassed {
                    var wait = pollfd(
                        fd: socket.descriptor, events: Int16(POLLIN | (writes.isEmpty ? 0 : POLLOUT)), revents: 0)
                    poll(&wait, 1, 100)
                    socket.receive { event in
                        switch event {
                        case .bytes(let part): bytes += part
                        case .message(let message): if message.type == .synced { synced = message }
                        case .closed(let code): closed = code
                        }
                    }
                    guard let write = writes.first else { continue }
                    let sent = write.withUnsafeBytes {
                        send(socket.descriptor, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
                    }
                    if sent == write.count {
                        writes.removeFirst()
                    } else {
                        writes[writes.startIndex] = write.dropFirst(max(0, sent))
                    }
                }
                return (bytes, synced, closed)
            }
        }.get()
    }

    @Test func `reaches the program and comes back in order, though the terminal fills and frames are cut`()
        async throws
    {
        for input in MutatedInput.each(1) {
            var chance = input
            let sent = chance.bytes(Self.count)
            #expect(Set(sent).count == 256)
            let frames = ClientFrames(sent, cutBy: &chance)
            #expect(frames.fragmentedMessages > 5)
            #expect(frames.splitFrames > 20)
            try await Fixture.run { fixture in
                let kept = fixture.directory.path + "/kept"
                let typed = fixture.directory.path + "/typed"
                try Data(sent).write(to: URL(fileURLWithPath: typed))
                let session = try await fixture.session(try await fixture.workspace(), Self.program(keeping: kept))
                try await SessionReader(fixture.client, session.id).waitFor("ready")
                let sum = try Shell.run("sha256sum <'\(typed)'")
                let expected = Array("ready\nfull\n".utf8) + sent + Array(sum.utf8)
                let epoch = try await fixture.client.output(of: session.id).epoch
                let seen = try await Self.exchange(
                    frames.writes, for: expected.count, fixture.client, session.id, epoch: epoch)
                #expect(seen.closed == nil)
                #expect(seen.synced?.mode == .exact)
                #expect(seen.bytes.count == expected.count, "seed \(input.seed)")
                let wrong = zip(seen.bytes, expected).enumerated().first { $1.0 != $1.1 }
                #expect(wrong == nil, "seed \(input.seed)")
                try Shell.run("cmp '\(typed)' '\(kept)'")
                // Nothing comes that was not sent.
                let output = try await fixture.client.output(of: session.id)
                #expect(output.next == UInt64(expected.count))
            }
        }
    }
}
