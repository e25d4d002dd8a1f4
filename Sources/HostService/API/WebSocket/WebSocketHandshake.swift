import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// A request to become a WebSocket, found to be in order.
///
/// - SeeAlso: RFC 6455, section 4.2.1
struct WebSocketHandshake: Sendable {
    private let key: String

    /// Looks at a request's headers.
    /// - Throws: ``APIRefusal/upgradeRequired(_:)`` for an ordinary request or another version, and
    ///   ``APIRefusal/malformed(_:)`` for a key that is none.
    init(_ request: APIRequest) throws(APIRefusal) {
        guard request.method == .GET, request.tokens(of: "upgrade").contains("websocket"),
            request.tokens(of: "connection").contains("upgrade")
        else {
            throw .upgradeRequired("attach: this is a WebSocket's address; send `Upgrade: websocket`")
        }
        guard request.headers["sec-websocket-version"] == ["13"] else {
            throw .upgradeRequired("attach: `Sec-WebSocket-Version` must be 13")
        }
        let keys = request.headers["sec-websocket-key"]
        guard keys.count == 1, Data(base64Encoded: keys[0])?.count == 16 else {
            throw .malformed("attach: `Sec-WebSocket-Key` must be 16 bytes in base64; nothing was attached")
        }
        key = keys[0]
    }

    /// The headers of the 101 that accepts the request.
    func acceptance(on channel: any Channel) async throws -> HTTPHeaders {
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        head.headers = ["sec-websocket-key": key, "sec-websocket-version": "13"]
        return try await upgrader.buildUpgradeResponse(
            channel: channel, upgradeRequest: head, initialResponseHeaders: [:]
        ).get()
    }
}
