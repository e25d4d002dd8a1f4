import NIOCore
import NIOHTTP1

/// Reads one connection's requests, whole and one after the other.
struct RequestReader {
    /// What came next.
    enum Arrival: Sendable {
        /// A request, and whether the client may send another after its answer.
        case request(APIRequest, keepsAlive: Bool)
        /// A request that is not carried out. Nothing after it can be read.
        case refused(APIRefusal)
        /// The client has no more requests.
        case ended
    }

    /// The connection's input. A WebSocket's messages come from here too.
    var input: NIOAsyncChannelInboundStream<ConnectionInput>.AsyncIterator
    private let channel: any Channel
    private let limits: APILimits
    /// Why nothing of this connection is served.
    private let refusal: APIRefusal?

    /// Begins to read a connection.
    /// - Parameter refusal: Why every request of the connection is refused, nil for a connection that is served.
    init(
        _ input: NIOAsyncChannelInboundStream<ConnectionInput>.AsyncIterator, of channel: any Channel,
        limits: APILimits, refusal: APIRefusal?
    ) {
        self.input = input
        self.channel = channel
        self.limits = limits
        self.refusal = refusal
    }

    /// Reads the next request.
    /// - Throws: What the socket failed with.
    mutating func next() async throws -> Arrival {
        switch try await input.next() {
        case .head(let head):
            if let refusal { return .refused(refusal) }
            return try await readBody(of: head)
        case .malformed(let refusal): return .refused(refusal)
        case nil, .body, .end, .message, .closing: return .ended
        }
    }

    /// Takes what still comes and throws it away, until the connection closes.
    mutating func discardRest() async throws {
        while try await input.next() != nil {}
    }

    private mutating func readBody(of head: HTTPRequestHead) async throws -> Arrival {
        let announced = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        guard announced <= limits.requestBody else { return .refused(tooLarge(head)) }
        if head.version == .http1_1, head.headers.first(name: "expect")?.lowercased() == "100-continue" {
            try await channel.writeAndFlush(ConnectionOutput.goOn)
        }
        var body = ByteBuffer()
        while true {
            switch try await input.next() {
            case .body(var part):
                guard body.readableBytes + part.readableBytes <= limits.requestBody else {
                    return .refused(tooLarge(head))
                }
                body.writeBuffer(&part)
            case .end:
                return .request(APIRequest(head: head, body: body), keepsAlive: keepsAlive(head))
            case .malformed(let refusal): return .refused(refusal)
            case nil, .head, .message, .closing: return .ended
            }
        }
    }

    private func tooLarge(_ head: HTTPRequestHead) -> APIRefusal {
        .payloadTooLarge(
            "\(head.method) of a body: more than \(limits.requestBody) bytes are not taken; nothing was done")
    }

    /// A request that asks for an upgrade, whatever to, is the last one that NIO's parser reads. HTTP/1.0 is served
    /// one request a connection.
    private func keepsAlive(_ head: HTTPRequestHead) -> Bool {
        let asksForUpgrade =
            head.headers.contains(name: "upgrade")
            && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
        return head.version == .http1_1 && head.isKeepAlive && !asksForUpgrade && head.method != .CONNECT
    }
}
