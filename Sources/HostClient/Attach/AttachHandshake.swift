import Glibc
public import HostProtocol

/// A connection to the host that is becoming a WebSocket, for one thread that polls.
///
/// Whoever has it polls ``descriptor`` for ``events`` and calls ``proceed()``, until that returns the attachment or throws. It waits for
/// nothing itself: under systemd a host that is away is connected to at once, and answers when it is back.
///
/// See: RFC 6455 section 4.1
public final class AttachHandshake {
    private enum Stage {
        /// The host's queue of connections was full when it was last tried.
        case connecting
        /// ssh is on its way to the other machine's host.
        case dialling(SSHConnection)
        /// What of the request was not sent yet.
        case sending(ArraySlice<UInt8>)
        /// What has come of the answer.
        case reading([UInt8])
    }

    /// What is asked, for messages.
    public let request: String
    private let host: HostAddress
    private let mayAsk: Bool
    private var stage = Stage.connecting
    /// Owned by this object until an attachment takes it over; -1 before it is open and after that.
    private var socket: CInt = -1

    /// The nonce of RFC 6455's own example, and what its answer must be. It is there against proxies, of which a Unix socket has
    /// none.
    private static let nonce = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let acceptance = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    /// Bytes of a head that are read at most, and of a problem document (I8).
    private static let headLimit = 64 << 10

    /// Prepares to attach to a session's terminal; the first ``proceed()`` connects.
    /// - Parameters:
    ///   - from: Sequence number of the first byte that the caller lacks; a picture of the screen when absent.
    ///   - epoch: The run that `from` counts in, as `synced` told it.
    ///   - size: Of the caller's window, so that the screen is drawn for it; nil for one without a window.
    ///   - idle: for how long the user of a caller that comes back has not typed.
    ///   - isReadOnly: Whether the host is to drop whatever the caller sends, also a size.
    ///   - mayAsk: Whether ssh may ask the user for a password: not while his terminal is the session's.
    public init(
        host: HostAddress, session: String, from: UInt64? = nil, epoch: String? = nil, size: TerminalSize? = nil,
        idle: Duration? = nil, isReadOnly: Bool = false, mayAsk: Bool = false
    ) {
        self.host = host
        self.mayAsk = mayAsk
        request = "GET \(Self.target(session, from: from, epoch: epoch, size: size, idle, isReadOnly))"
    }

    deinit { if socket >= 0 { Glibc.close(socket) } }

    /// To be polled; -1 when there is nothing to poll for, and it must be tried again after some milliseconds.
    public var descriptor: CInt {
        switch stage {
        case .connecting: -1
        case .dialling(let connection): connection.descriptor
        case .sending, .reading: socket
        }
    }

    /// What to poll for.
    public var events: CInt {
        if case .sending = stage { POLLOUT } else { POLLIN }
    }

    /// Goes on as far as it goes without waiting.
    /// - Returns: the attachment; nil while the host has not answered.
    /// - Throws: ``HostClientFailure``; `problem` when the host refuses. It is over then.
    public func proceed() throws(HostClientFailure) -> AttachSocket? {
        while true {
            switch stage {
            case .connecting:
                switch host {
                case .socket(let path):
                    guard let connected = try HostSocket.connect(path: path) else { return nil }
                    begin(connected)
                case .ssh(let destination):
                    stage = .dialling(try SSHConnection(destination, mayAsk: mayAsk))
                }
            case .dialling(let connection):
                guard let connected = try connection.proceed() else { return nil }
                begin(connected)
            case .sending(let rest):
                guard let count = try send(rest) else { return nil }
                stage = count == rest.count ? .reading([]) : .sending(rest.dropFirst(count))
            case .reading(let bytes):
                guard let more = read() else { return nil }
                if let early = try answer(bytes + more, isWhole: more.isEmpty) {
                    let descriptor = socket
                    socket = -1
                    return AttachSocket(descriptor, early: early)
                }
                stage = .reading(bytes + more)
            }
        }
    }

    private func begin(_ connected: CInt) {
        socket = connected
        let text =
            "\(request) HTTP/1.1\r\nHost: corral\r\nUser-Agent: corral\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(Self.nonce)\r\n\r\n"
        stage = .sending(Array(text.utf8)[...])
    }

    /// - Returns: how many bytes the host's end has taken; nil when it takes none now.
    private func send(_ bytes: ArraySlice<UInt8>) throws(HostClientFailure) -> Int? {
        while true {
            let count = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count > 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            default: throw .disconnected(request: request)
            }
        }
    }

    /// - Returns: what has come, nothing at the connection's end; nil when there is nothing now.
    private func read() -> ArraySlice<UInt8>? {
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(socket, &chunk, chunk.count, 0)
            if count > 0 { return chunk[..<count] }
            if count == 0 { return [] }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            default: return []
            }
        }
    }

    /// - Parameter isWhole: Whether nothing more will come.
    /// - Returns: what came after the host's acceptance; nil while the answer is not whole.
    private func answer(_ bytes: [UInt8], isWhole: Bool) throws(HostClientFailure) -> [UInt8]? {
        guard let end = Self.end(ofHead: bytes) else {
            if isWhole { throw .disconnected(request: request) }
            guard bytes.count < Self.headLimit else { throw .badResponse(request: request, why: "its head has no end") }
            return nil
        }
        var reply = Self.reply(String(decoding: bytes[..<end], as: UTF8.self))
        let rest = Array(bytes[end...])
        if reply.status == 101 {
            guard reply.headers["sec-websocket-accept"] == Self.acceptance else {
                throw .badResponse(request: request, why: "it accepts another WebSocket")
            }
            return rest
        }
        let length = reply.headers["content-length"].flatMap { Int($0) } ?? 0
        guard isWhole || rest.count >= min(length, Self.headLimit) else { return nil }
        reply.body = rest
        throw HostClient.failure(for: reply, request: request)
    }

    private static func target(
        _ session: String, from: UInt64?, epoch: String?, size: TerminalSize?, _ idle: Duration?, _ isReadOnly: Bool
    ) -> String {
        var query: [QueryItem] = isReadOnly ? [QueryItem("read_only", "true")] : []
        if let size { query += [QueryItem("columns", "\(size.columns)"), QueryItem("rows", "\(size.rows)")] }
        if size != nil, let idle { query.append(QueryItem("idle", "\(idle / .seconds(1))")) }
        if let from { query.append(QueryItem("from", "\(from)")) }
        if let epoch { query.append(QueryItem("epoch", epoch)) }
        return RequestTarget(HostClient.path(session, "attach"), query: query).description
    }

    private static func end(ofHead bytes: [UInt8]) -> Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard bytes.count >= mark.count else { return nil }
        for start in 0...(bytes.count - mark.count) where bytes[start..<(start + mark.count)].elementsEqual(mark) {
            return start + mark.count
        }
        return nil
    }

    private static func reply(_ head: String) -> HostReply {
        let lines = head.split(separator: "\r\n" as Character)
        let words = lines.first?.split(separator: " " as Character) ?? []
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers[line[..<colon].lowercased()] = String(value)
        }
        return HostReply(status: words.count > 1 ? Int(words[1]) ?? 0 : 0, headers: headers, body: [])
    }
}
