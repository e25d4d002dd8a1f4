import Dispatch
import FoundationEssentials
import Glibc
import HostProtocol

@testable import HostService

/// A client of plain system calls: it sends exactly the bytes that a test wrote.
///
/// Calls block on a thread of the client's own, never on one that the server's tasks need, and fail after a deadline.
final class RawClient: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let socket: CInt
    private let queue = DispatchQueue(label: "raw client")
    /// Read and not yet used. Touched on the queue only.
    private var pending: [UInt8] = []
    static let deadline = 20

    init(path: String) throws {
        socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: Self.deadline, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        let raw = socket
        guard let address = UnixSocketAddress(path: path) else { throw Failure(description: "path \(path)") }
        guard address.withPointer({ connect(raw, $0, $1) }) == 0 else {
            throw Failure(description: "connect \(path): errno \(errno)")
        }
    }

    deinit { close(socket) }

    // MARK: Bytes

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends all of the bytes. A server that stopped reading is no failure: what it answered is there to be read.
    func send(_ bytes: [UInt8]) async throws {
        try await onQueue { [self] in
            var done = 0
            while done < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress! + done, bytes.count - done, CInt(MSG_NOSIGNAL))
                }
                if count < 0, errno == EPIPE || errno == ECONNRESET { return }
                guard count > 0 else { throw Failure(description: "send: errno \(errno)") }
                done += count
            }
        }
    }

    /// No more requests.
    func shutdownWrite() { shutdown(socket, CInt(SHUT_WR)) }

    /// Gone, whatever there is to read.
    func disconnect() { shutdown(socket, CInt(SHUT_RDWR)) }

    /// Whether the server has closed, after everything that was read so far.
    func isAtEnd() async throws -> Bool {
        try await onQueue { [self] in try pending.isEmpty && !fill() }
    }

    /// Everything until the server closes.
    func rest() async throws -> [UInt8] {
        try await onQueue { [self] in
            while try fill() {}
            defer { pending = [] }
            return pending
        }
    }

    // MARK: HTTP

    struct Response: Sendable {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        func document<Document: Decodable>(_ type: Document.Type) throws -> Document {
            try WireCoding.decode(type, from: Data(body))
        }
        /// Its `code`, when it is a problem.
        var code: String {
            get throws { try document(ProblemDocument.self).code }
        }
        var detail: String {
            get throws { try document(ProblemDocument.self).detail }
        }
    }

    /// Sends a request and reads its answer.
    func request(
        _ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8]? = nil
    ) async throws -> Response {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: corral\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Length: \(body.count)\r\n" }
        try await send(Array((text + "\r\n").utf8) + (body ?? []))
        return try await response(hasBody: method != "HEAD")
    }

    /// Reads an answer.
    func response(hasBody: Bool = true) async throws -> Response {
        try await onQueue { [self] in
            var lines: [String] = []
            while true {
                let line = try line()
                if line.isEmpty { break }
                lines.append(line)
            }
            let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].drop { $0 == " " }.description : ""
            }
            let length = hasBody ? headers["content-length"].flatMap { Int($0) } ?? 0 : 0
            return Response(status: status ?? 0, headers: headers, body: try take(length))
        }
    }

    /// Reads a chunk of a body that comes in chunks; empty at its end.
    func chunk() async throws -> String {
        try await onQueue { [self] in
            guard let count = Int(try line(), radix: 16) else { throw Failure(description: "no chunk") }
            let bytes = try take(count)
            _ = try line()
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Reads a text up to and with its end.
    func text(_ end: String) async throws -> String {
        try await onQueue { [self] in
            var text = ""
            while !text.hasSuffix(end) { text += try line() + "\n" }
            return text
        }
    }

    // MARK: WebSocket

    static let handshake = [
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ]

    struct Frame: Sendable, Equatable {
        var isFinal: Bool
        var opcode: UInt8
        var payload: [UInt8]

        var text: String { String(decoding: payload, as: UTF8.self) }
        /// The code of a close frame.
        var closeCode: Int? {
            opcode == 8 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil
        }
    }

    func attach(_ target: String = "/v1/sessions/sess1/attach") async throws -> Response {
        try await request("GET", target, headers: Self.handshake)
    }

    static func frame(
        _ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, isMasked: Bool = true, reserved: UInt8 = 0
    ) -> [UInt8] {
        var bytes = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode]
        let mask: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case 0...125: bytes.append(mask | UInt8(payload.count))
        case 126...0xFFFF: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            bytes.append(mask | 127)
            bytes += (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        }
        guard isMasked else { return bytes + payload }
        let key: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        return bytes + key + payload.enumerated().map { $0.element ^ key[$0.offset % 4] }
    }

    func sendFrame(_ opcode: UInt8, _ text: String) async throws {
        try await send(Self.frame(opcode, Array(text.utf8)))
    }

    func frame() async throws -> Frame {
        try await onQueue { [self] in
            let head = try take(2)
            guard head[1] & 0x80 == 0 else { throw Failure(description: "the server masked a frame") }
            var length = Int(head[1])
            if length == 126 {
                length = try take(2).reduce(0) { $0 << 8 | Int($1) }
            } else if length == 127 {
                length = try take(8).reduce(0) { $0 << 8 | Int($1) }
            }
            return Frame(isFinal: head[0] & 0x80 != 0, opcode: head[0] & 0x0F, payload: try take(length))
        }
    }

    // MARK: On the queue

    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    private func line() throws -> String {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = pending[..<end].filter { $0 != UInt8(ascii: "\r") }
                pending.removeSubrange(...end)
                return String(decoding: line, as: UTF8.self)
            }
            guard try fill() else { throw Failure(description: "closed within a line; read \(pending.count) bytes") }
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while pending.count < count {
            guard try fill() else { throw Failure(description: "closed after \(pending.count) of \(count) bytes") }
        }
        let bytes = Array(pending.prefix(count))
        pending.removeFirst(count)
        return bytes
    }

    /// - Returns: False at the end.
    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &chunk, chunk.count, 0)
        if count < 0, errno == ECONNRESET { return false }
        guard count >= 0 else { throw Failure(description: "recv: errno \(errno) (11 is the deadline)") }
        pending += chunk[..<count]
        return count > 0
    }
}
