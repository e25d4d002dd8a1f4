import NIOCore
import NIOHTTP1

/// What happens in the host.
extension HostClient {
    /// How long nothing may come of a stream: three of the host's signs of life.
    private static let silence = Duration.seconds(45)

    /// Follows the events until the host ends the stream or the task is cancelled.
    /// - Parameters:
    ///   - since: An event's id, or `oldest`; nil for what comes from now on.
    ///   - follow: Whether the stream goes on after what the host holds.
    ///   - take: Called for each thing that comes, in order, on the client's own thread. While it runs nothing more is read.
    /// - Throws: ``HostClientFailure``. `disconnected` is also how the host tells a client that is too slow; going on from the last id
    ///   tells it how much it has missed.
    public func followEvents(
        since: String? = nil, follow: Bool = true, _ take: @escaping @Sendable (EventStreamItem) -> Void
    ) async throws(HostClientFailure) {
        var query: [QueryItem] = []
        if let since { query.append(QueryItem("since", since)) }
        if !follow { query.append(QueryItem("follow", "false")) }
        let target = RequestTarget("/v1/events", query: query).description
        let request = "GET \(target)"
        let channel = try await connector.connect(by: .now() + TimeAmount(Self.defaultTimeout))
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                channel.eventLoop.execute {
                    let handler = EventStreamHandler(request: request, silence: Self.silence, take: take) {
                        continuation.resume(returning: $0)
                    }
                    Self.ask(Self.head(.get, target, body: nil), over: channel, handler)
                }
            }
        } onCancel: {
            channel.close(promise: nil)
        }
        if case .failure = result, Task.isCancelled { throw .cancelled(request: request) }
        if let refusal = try result.get() { throw Self.failure(for: refusal, request: request) }
    }

    /// Writes a request without a body. On the channel's event loop.
    private static func ask(_ head: HTTPRequestHead, over channel: any Channel, _ handler: EventStreamHandler) {
        do {
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            // The channel is closed already.
            return handler.failToBegin()
        }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
}
