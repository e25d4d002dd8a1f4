import Testing

@testable import CgroupPty

@Suite struct `A line of a socket table` {
    private static func read(_ line: String, _ transport: BoundSocket.Transport = .tcp) -> BoundSocket.Line {
        BoundSocket.read(Array(line.utf8), transport)
    }

    private static func socket(
        _ transport: BoundSocket.Transport, _ address: String, _ port: UInt16, _ inode: UInt64
    ) -> BoundSocket.Line {
        .bound(BoundSocket(transport: transport, address: address, port: port, inode: inode))
    }

    /// As Linux 6.18 writes them, on a little-endian machine.
    @Test func `names address, port and inode, of IPv4 and IPv6`() {
        #expect(
            Self.read(
                "   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1178 1 00000000ea108937 100 0 0 10 0                      "
            ) == Self.socket(.tcp, "127.0.0.1", 3000, 1178))
        #expect(
            Self.read(
                "   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 987654 1 0000000000000000 100 0 0 10 0"
            ) == Self.socket(.tcp, "::1", 8080, 987_654))
        #expect(
            Self.read(
                "  12: 00000000000000000000000000000000:FFFF 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1 0000000000000000 100 0 0 10 0"
            ) == Self.socket(.tcp, "::", 65_535, 5))
        #expect(
            Self.read(
                " 2170: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   106        0 14087 2 0000000000000000 0",
                .udp) == Self.socket(.udp, "0.0.0.0", 5353, 14_087))
    }

    @Test func `of another state, without a port or without an inode is nobody's that waits`() {
        let rest = "00000000:00000000 00:00000000 00000000 0 0"
        #expect(Self.read("0: 0100007F:0BB8 0100007F:0001 01 \(rest) 9 1") == .other)
        #expect(Self.read("0: 0100007F:0BB8 0100007F:0001 07 \(rest) 9 1") == .other)
        #expect(Self.read("0: 0100007F:0BB8 0100007F:0001 01 \(rest) 9 1", .udp) == .other)
        #expect(Self.read("0: 00000000:0000 00000000:0000 07 \(rest) 9 1", .udp) == .other)
        #expect(Self.read("0: 0100007F:0BB8 00000000:0000 0A \(rest) 0 1") == .other)
    }

    @Test(arguments: [
        "", "0:", "garbage", "0: 0100007F 00000000:0000 0A a b c 0 0 9 1",
        "0: 0100007F:0BB8 00000000:0000 A a b c 0 0 9 1",
        "0: 0100007:0BB8 00000000:0000 0A a b c 0 0 9 1", "0: 0100007F:10000 00000000:0000 0A a b c 0 0 9 1",
        "0: 0100007F:0BB8 00000000:0000 0A a b c 0 0 x 1", "0: 010000xF:0BB8 00000000:0000 0A a b c 0 0 9 1",
        "0: 0100007F:0BB8 00000000:0000 0A a b c 0 0",
    ])
    func `in another form is garbled (I3)`(line: String) {
        #expect(Self.read(line) == .garbled)
    }
}
