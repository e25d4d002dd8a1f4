import FoundationEssentials
import HostProtocol
import NIOCore
import NIOHTTP1

/// A Corral host, spoken to over its Unix socket, on this machine or through ssh.
///
/// One connection a request: a connection costs some 50 µs, and a request that is given up cannot disturb another. Values
/// can be copied and used from any task. Every request has a deadline (I8); passing it does not undo what the host has
/// begun. There is a function for each route; ``send(_:_:query:body:timeout:)`` is below all of them.
public struct HostClient: Sendable {
    /// How long the host may take over what it has in memory. Whatever waits for a process or for git has its own.
    public static let defaultTimeout: Duration = .seconds(30)

    /// Where it is.
    public let address: HostAddress
    /// Opens the connections.
    let connector: HostConnector

    /// Prepares to speak over the socket at `socketPath`. Nothing is opened yet.
    public init(socketPath: String) { self.init(.socket(path: socketPath)) }

    /// Prepares to speak to the host at an address. Nothing is opened yet.
    public init(_ address: HostAddress) {
        self.address = address
        connector = HostConnector(address: address, loop: ClientLoop())
    }

    /// How often a request that only reads is sent at most.
    ///
    /// A host that is killed loses the requests that it was about to answer, while the connections of those who come later wait
    /// in its socket for the next one. To read twice does no harm; a request that itself ends the host does, so that there
    /// is a last time.
    ///
    /// See: RFC 9110, section 9.2.2, "Idempotent Methods"
    private static let readings = 3

    /// Sends a request and waits for the whole answer, whatever its status.
    ///
    /// One that only reads (`GET`) is sent again when the connection ends before the answer is complete.
    /// - Parameters:
    ///   - path: The path; parts that come from elsewhere must have been escaped.
    ///   - timeout: From now until the last byte of the answer.
    /// - Throws: ``HostClientFailure``, but never `problem`: an answer that tells of an error is an answer.
    public func send(
        _ method: RequestMethod, _ path: String, query: [QueryItem] = [], body: RequestBody? = nil,
        timeout: Duration = defaultTimeout
    ) async throws(HostClientFailure) -> HostReply {
        let target = RequestTarget(path, query: query).description
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        var left = method == .get ? Self.readings : 1
        while true {
            do throws(HostClientFailure) {
                return try await sendOnce(method, target, body: body, timeout: timeout, deadline: deadline)
            } catch {
                left -= 1
                guard case .disconnected = error, left > 0, NIODeadline.now() < deadline else { throw error }
            }
        }
    }

    /// Sends a request over a connection of its own.
    private func sendOnce(
        _ method: RequestMethod, _ target: String, body: RequestBody?, timeout: Duration, deadline: NIODeadline
    ) async throws(HostClientFailure) -> HostReply {
        let request = "\(method.rawValue) \(target)"
        let channel = try await connector.connect(by: deadline)
        let head = Self.head(method, target, body: body)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                channel.eventLoop.execute {
                    let collector = ReplyCollector(request: request, timeout: timeout, deadline: deadline) {
                        continuation.resume(returning: $0)
                    }
                    Self.exchange(head, body, over: channel, collector)
                }
            }
        } onCancel: {
            channel.close(promise: nil)
        }
        if case .failure = result, Task.isCancelled { throw .cancelled(request: request) }
        return try result.get()
    }

    /// The head of a request. The connection serves this one only.
    static func head(_ method: RequestMethod, _ target: String, body: RequestBody?) -> HTTPRequestHead {
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method.rawValue), uri: target)
        head.headers.add(name: "Host", value: "corral")
        head.headers.add(name: "User-Agent", value: "corral")
        head.headers.add(name: "Connection", value: "close")
        if let body {
            head.headers.add(name: "Content-Type", value: body.contentType)
            head.headers.add(name: "Content-Length", value: "\(body.content.count)")
        } else if method != .get {
            head.headers.add(name: "Content-Length", value: "0")
        }
        return head
    }

    /// Writes a request whose answer goes to the collector. On the channel's event loop.
    ///
    /// A write that fails is not looked at: the host may have answered and closed before it had read all (413), and a
    /// connection without an answer is reported by the collector.
    private static func exchange(
        _ head: HTTPRequestHead, _ body: RequestBody?, over channel: any Channel, _ collector: ReplyCollector
    ) {
        do {
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            try channel.pipeline.syncOperations.addHandler(collector)
        } catch {
            collector.fail(error, closing: channel)
            return
        }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if let body {
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body.content))), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
}

extension HostClient {
    /// Sends a request and reads the document in its answer.
    /// - Throws: ``HostClientFailure/problem(_:)`` for an answer that tells of an error; else as `send`.
    func document<Document: Decodable>(
        _ method: RequestMethod, _ path: String, query: [QueryItem] = [], body: RequestBody? = nil,
        timeout: Duration = defaultTimeout, as type: Document.Type = Document.self
    ) async throws(HostClientFailure) -> (document: Document, status: Int) {
        let reply = try await success(method, path, query: query, body: body, timeout: timeout)
        do {
            return (try WireCoding.decode(type, from: Data(reply.body)), reply.status)
        } catch {
            throw .badResponse(request: "\(method.rawValue) \(path)", why: "it is no \(type): \(error)")
        }
    }

    /// Sends a request and returns the answer if it is a success.
    /// - Throws: ``HostClientFailure/problem(_:)`` for an answer that tells of an error; else as `send`.
    @discardableResult
    func success(
        _ method: RequestMethod, _ path: String, query: [QueryItem] = [], body: RequestBody? = nil,
        timeout: Duration = defaultTimeout
    ) async throws(HostClientFailure) -> HostReply {
        let reply = try await send(method, path, query: query, body: body, timeout: timeout)
        if (200..<300).contains(reply.status) { return reply }
        throw Self.failure(for: reply, request: "\(method.rawValue) \(path)")
    }

    /// Reads an answer that is no success.
    static func failure(for reply: HostReply, request: String) -> HostClientFailure {
        guard reply.mediaType == "application/problem+json" else {
            return .badResponse(request: request, why: "status \(reply.status), and no problem document with it")
        }
        do {
            return .problem(try WireCoding.decode(ProblemDocument.self, from: Data(reply.body)))
        } catch {
            return .badResponse(request: request, why: "status \(reply.status), and its problem document: \(error)")
        }
    }

    /// Writes a document as the body of a request.
    static func body(_ document: some Encodable, for request: String) throws(HostClientFailure) -> RequestBody {
        do {
            return .json(Array(try WireCoding.encode(document)))
        } catch {
            throw .badResponse(request: request, why: "the request cannot be written: \(error)")
        }
    }
}
