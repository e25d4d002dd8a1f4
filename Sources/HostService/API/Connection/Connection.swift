import Logging
import NIOCore
import NIOHTTP1

/// One client's connection, from its first byte to its last.
///
/// Requests are carried out one after the other. A client that goes away does not stop what it asked for, unless it only waited
/// for something (``Route/endsWithClient``): the answer finds nobody, and that is all. A connection that became a WebSocket stays one.
struct Connection: Sendable {
    let channel: NIOAsyncChannel<ConnectionInput, Never>
    /// Why nothing of this connection is served, nil when it is.
    let refusal: APIRefusal?
    let responder: APIResponder
    /// Comes from the connection's handler.
    let interruption: Interruption
    let limits: APILimits
    let logger: Logger

    /// Serves the connection until it is closed.
    func run() async {
        do {
            try await channel.executeThenClose { inbound in
                var reader = RequestReader(
                    inbound.makeAsyncIterator(), of: channel.channel, limits: limits, refusal: refusal
                )
                try await serve(&reader)
            }
        } catch {
            // The client is gone, which is its right.
            logger.debug("connection lost", metadata: ["failure": "\(error)"])
        }
    }

    private func serve(_ reader: inout RequestReader) async throws {
        while true {
            switch try await reader.next() {
            case .ended: return
            case .refused(let refusal):
                try await send(.problem(APIError(refusal)), keepsAlive: false)
                return try await reader.discardRest()
            case .request(let request, let keepsAlive):
                switch await responder.answer(request, interruption) {
                case .response(let response):
                    try await send(response, keepsAlive: keepsAlive)
                    if !keepsAlive { return try await reader.discardRest() }
                case .stream(let headers, let body):
                    try await send(body, headers, to: request, keepsAlive: keepsAlive)
                    if !keepsAlive { return try await reader.discardRest() }
                case .attach(let attachment, let session, let handshake):
                    return try await serve(attachment, of: session, handshake, &reader)
                }
            }
        }
    }

    private func serve(
        _ attachment: any Attachment, of session: String, _ handshake: WebSocketHandshake,
        _ reader: inout RequestReader
    ) async throws {
        do {
            let headers = try await handshake.acceptance(on: channel.channel)
            try await channel.channel.writeAndFlush(ConnectionOutput.upgrade(headers))
        } catch {
            await attachment.detach()
            throw error
        }
        var logger = logger
        logger[metadataKey: "session"] = .string(session)
        let bridge = AttachBridge(attachment: attachment, channel: channel.channel, limits: limits, logger: logger)
        await bridge.run(&reader.input)
    }

    /// Sends an answer while it is made. The next piece is asked for when the kernel has taken the one before, so that what a slow
    /// client makes us hold is one piece. It ends with the body, with the client, or with the service.
    private func send(
        _ body: any BodyStream, _ headers: HTTPHeaders, to request: APIRequest, keepsAlive: Bool
    ) async throws {
        defer { body.close() }
        let channel = channel.channel
        var head = HTTPResponseHead(version: request.version, status: .ok, headers: headers)
        if !keepsAlive { head.headers.replaceOrAdd(name: "connection", value: "close") }
        try await channel.writeAndFlush(ConnectionOutput.begin(head))
        do {
            try await interruption.run {
                while let piece = try await body.next() {
                    try await channel.writeAndFlush(ConnectionOutput.piece(piece))
                }
            }
        } catch is CancellationError {
            // The service stops, and the client is told that this is the end. To one that is gone nothing can be written.
        }
        try await channel.writeAndFlush(ConnectionOutput.end(keepsAlive: keepsAlive))
    }

    /// Sends an answer and waits until the kernel has taken it.
    private func send(_ response: APIResponse, keepsAlive: Bool) async throws {
        try await channel.channel.writeAndFlush(ConnectionOutput.response(response, keepsAlive: keepsAlive))
    }
}
