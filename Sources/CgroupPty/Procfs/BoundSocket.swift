import Glibc

/// A socket at which something can arrive, as a table of `/proc/PID/net` shows it: a TCP socket that listens, or a UDP socket that
/// is bound and not connected.
///
/// A line holds addresses as hexadecimal words in the machine's byte order, the port as a number, and the number of the socket's
/// inode, which is in the name that `/proc/PID/fd` gives to whoever has it open.
/// See: proc_pid_net(5); Documentation/networking/proc_net_tcp.rst
public struct BoundSocket: Sendable, Hashable {
    /// What is spoken over the socket.
    public enum Transport: String, Sendable, CaseIterable {
        case tcp, udp

        /// The state of a socket that something can arrive at: `TCP_LISTEN`, and `TCP_CLOSE` for an unconnected UDP socket.
        fileprivate var waitingState: Substring {
            switch self {
            case .tcp: "0A"
            case .udp: "07"
            }
        }
    }

    /// What is spoken over it.
    public let transport: Transport
    /// As inet_ntop(3) writes it: `127.0.0.1`, `0.0.0.0`, `::1`.
    public let address: String
    /// 1 to 65,535.
    public let port: UInt16
    /// Number of its inode.
    public let inode: UInt64

    /// Names a socket.
    public init(transport: Transport, address: String, port: UInt16, inode: UInt64) {
        self.transport = transport
        self.address = address
        self.port = port
        self.inode = inode
    }

    /// What a line of a table says.
    enum Line: Equatable {
        case bound(BoundSocket)
        /// A socket in another state, or one that no process has open.
        case other
        /// Not in the documented form.
        case garbled
    }

    /// Reads a line of a table, without its end.
    static func read(_ line: some Sequence<UInt8>, _ transport: Transport) -> Line {
        let fields = String(decoding: Array(line), as: UTF8.self)
            .split(separator: " " as Character, maxSplits: 10, omittingEmptySubsequences: true)
        guard fields.count > 9, fields[3].utf8.count == 2 else { return .garbled }
        guard fields[3] == transport.waitingState else { return .other }
        let place = fields[1].split(separator: ":" as Character, omittingEmptySubsequences: false)
        guard place.count == 2, let address = address(place[0]), let port = UInt16(place[1], radix: 16),
            let inode = UInt64(fields[9])
        else { return .garbled }
        guard port > 0, inode > 0 else { return .other }
        return .bound(BoundSocket(transport: transport, address: address, port: port, inode: inode))
    }

    /// - Parameter text: one word of eight digits for IPv4, four for IPv6. Each is what the machine reads where the address lies.
    private static func address(_ text: Substring) -> String? {
        guard text.utf8.count == 8 || text.utf8.count == 32 else { return nil }
        var words: [UInt32] = []
        var rest = text
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            words.append(word)
            rest = rest.dropFirst(8)
        }
        var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = words.count == 1 ? AF_INET : AF_INET6
        guard inet_ntop(family, words, &name, socklen_t(name.count)) != nil else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
