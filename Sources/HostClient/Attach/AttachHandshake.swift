import Glibc

/// Opens a connection to the host and makes it a WebSocket, on the calling thread.
///
/// See: RFC 6455 section 4.1
struct AttachHandshake {
    let path: String
    let target: String
    let deadline: ContinuousClock.Instant
    let timeout: Duration

    /// The nonce of RFC 6455's own example, and what its answer must be. It is there against proxies, of which a Unix socket has
    /// none.
    private static let nonce = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let acceptance = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    /// Bytes of a head that are read at most, and of a problem document (I8).
    private static let headLimit = 64 << 10

    private var request: String { "GET \(target)" }

    /// - Returns: the connection, and what came after the host's acceptance.
    /// - Throws: ``HostClientFailure``; nothing is open then.
    func run() throws(HostClientFailure) -> (descriptor: CInt, early: [UInt8]) {
        let descriptor = try connect()
        do throws(HostClientFailure) {
            try send(
                "\(request) HTTP/1.1\r\nHost: corral\r\nUser-Agent: corral\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(Self.nonce)\r\n\r\n", to: descriptor)
            return (descriptor, try accepted(by: descriptor))
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Waits while the host's queue of connections is full: a Unix socket answers `EAGAIN` where TCP would wait.
    ///
    /// See: connect(2)
    private func connect() throws(HostClientFailure) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .unreachable(path: path, why: "the path is longer than the 107 bytes that a socket's can have")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw .unreachable(path: path, why: String(cString: strerror(errno))) }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        while true {
            let answer = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if answer == 0 { return descriptor }
            let code = errno
            if code == EINTR { continue }
            guard code == EAGAIN, ContinuousClock.now < deadline else {
                Glibc.close(descriptor)
                throw .unreachable(path: path, why: String(cString: strerror(code)))
            }
            poll(nil, 0, 5)
        }
    }

    private func send(_ text: String, to descriptor: CInt) throws(HostClientFailure) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                try wait(descriptor, POLLOUT)
            } else if errno != EINTR {
                throw .disconnected(request: request)
            }
        }
    }

    private func accepted(by descriptor: CInt) throws(HostClientFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var headEnd: Int?
        while headEnd == nil {
            guard bytes.count < Self.headLimit else { throw .badResponse(request: request, why: "its head has no end") }
            guard try read(descriptor, into: &bytes) else { throw .disconnected(request: request) }
            headEnd = Self.end(ofHead: bytes)
        }
        let end = headEnd ?? 0
        var reply = Self.reply(String(decoding: bytes[..<end], as: UTF8.self))
        var rest = Array(bytes[end...])
        if reply.status == 101 {
            guard reply.headers["sec-websocket-accept"] == Self.acceptance else {
                throw .badResponse(request: request, why: "it accepts another WebSocket")
            }
            return rest
        }
        let length = reply.headers["content-length"].flatMap { Int($0) } ?? 0
        while rest.count < min(length, Self.headLimit), try read(descriptor, into: &rest) {}
        reply.body = rest
        throw HostClient.failure(for: reply, request: request)
    }

    /// - Returns: false when the connection is at its end.
    private func read(_ descriptor: CInt, into bytes: inout [UInt8]) throws(HostClientFailure) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 {
                bytes += chunk[..<count]
                return true
            }
            if count == 0 { return false }
            switch errno {
            case EAGAIN: try wait(descriptor, POLLIN)
            case EINTR: continue
            default: return false
            }
        }
    }

    private func wait(_ descriptor: CInt, _ event: Int32) throws(HostClientFailure) {
        var wait = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        let left = deadline - .now
        guard left > .zero else { throw .timedOut(request: request, after: timeout) }
        poll(&wait, 1, left.pollMilliseconds)
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
