import HostProtocol
import NIOCore
import NIOHTTP1
import NIOWebSocket

extension HostClient {
    /// Attaches to a session's terminal.
    /// - Parameters:
    ///   - from: Sequence number of the first byte that the caller lacks; a picture of the screen comes first when absent.
    ///   - epoch: The run that `from` counts in, as `synced` told it.
    ///   - timeout: Until the host has accepted or refused.
    /// - Returns: the connection. Its first event is `attached`.
    /// - Throws: ``HostClientFailure``; `problem` when the host refuses.
    public func attach(
        to id: String, from: UInt64? = nil, epoch: String? = nil, timeout: Duration = HostClient.defaultTimeout
    ) async throws(HostClientFailure) -> AttachConnection {
        let target = Self.attachTarget(id, from: from, epoch: epoch)
        let request = "GET \(target)"
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        let channel = try await connector.connect(by: deadline)
        let result =
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    channel.eventLoop.execute {
                        let collector = ReplyCollector(request: request, timeout: timeout, deadline: deadline) {
                            reply in
                            continuation.resume(returning: reply.map { .refused($0) })
                        }
                        Self.upgrade(channel, target: target, collector) {
                            continuation.resume(returning: .success(.accepted($0)))
                        }
                    }
                }
            } onCancel: {
                channel.close(promise: nil)
            } as Result<AttachAnswer, HostClientFailure>
        if case .failure = result, Task.isCancelled { throw .cancelled(request: request) }
        switch try result.get() {
        case .accepted(let events):
            return AttachConnection(events: events, channel: channel, request: request, loop: connector.loop)
        case .refused(let reply):
            throw Self.failure(for: reply, request: request)
        }
    }

    /// What is asked for to attach.
    static func attachTarget(_ id: String, from: UInt64?, epoch: String?, size: TerminalSize? = nil) -> String {
        var query: [QueryItem] = []
        if let size { query += [QueryItem("columns", "\(size.columns)"), QueryItem("rows", "\(size.rows)")] }
        if let from { query.append(QueryItem("from", "\(from)")) }
        if let epoch { query.append(QueryItem("epoch", epoch)) }
        return RequestTarget(path(id, "attach"), query: query).description
    }

    /// Largest frame that is taken, in bytes: the host sends less than 1 MiB at once; four times that is never honest.
    private static let largestFrame = 4 << 20

    /// What the host said to the request for a WebSocket.
    private enum AttachAnswer: Sendable {
        case accepted(AttachEvents)
        case refused(HostReply)
    }

    /// Asks for a WebSocket. On the channel's event loop. A refusal goes to the collector.
    private static func upgrade(
        _ channel: any Channel, target: String, _ collector: ReplyCollector,
        accepted: @escaping @Sendable (AttachEvents) -> Void
    ) {
        let bound = NIOLoopBound(collector, eventLoop: channel.eventLoop)
        let upgrader = NIOWebSocketClientUpgrader(maxFrameSize: largestFrame) { channel, _ in
            let collector = bound.value
            collector.abandon()
            return channel.eventLoop.makeCompletedFuture {
                let handler = AttachHandler()
                let events = handler.makeEvents(on: channel.eventLoop)
                try channel.pipeline.syncOperations.addHandler(handler)
                channel.pipeline.syncOperations.removeHandler(collector, promise: nil)
                accepted(events)
            }
        }
        do {
            try channel.pipeline.syncOperations.addHTTPClientHandlers(
                leftOverBytesStrategy: .forwardBytes,
                withClientUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
            )
            try channel.pipeline.syncOperations.addHandler(collector)
        } catch {
            collector.fail(error, closing: channel)
            return
        }
        var head = head(.get, target, body: nil)
        head.headers.remove(name: "Connection")
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
}
