import FoundationEssentials
public import HostProtocol
import NIOCore
import NIOWebSocket

/// An attached client's connection: events from the session, input and sizes to it.
///
/// Ends when the host ends it, when ``close()`` is called, or when the reader lets go of the events. The session does not
/// notice.
public struct AttachConnection: Sendable {
    /// What the host says. Read it at once and to its end.
    public let events: AttachEvents
    private let channel: any Channel
    private let request: String
    /// Keeps the thread that the channel lives on.
    private let loop: ClientLoop

    /// Takes a channel over whose frames an ``AttachHandler`` reads.
    init(events: AttachEvents, channel: any Channel, request: String, loop: ClientLoop) {
        self.events = events
        self.channel = channel
        self.request = request
        self.loop = loop
    }

    /// Bytes a frame: far below the host's limit on a message (1 MiB), so that a close or a size need not wait long.
    private static let largestFrame = 64 << 10

    /// Types into the terminal. Suspends while the host does not take more.
    /// - Throws: ``HostClientFailure/disconnected(request:)``; some of the bytes may have been typed.
    public func send(_ bytes: [UInt8]) async throws(HostClientFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.largestFrame)
            rest = rest.dropFirst(part.count)
            try await write(.binary, part)
        }
    }

    /// Tells the size of this client's terminal.
    /// - Throws: ``HostClientFailure/disconnected(request:)``.
    public func resize(to size: TerminalSize) async throws(HostClientFailure) {
        var message = AttachMessage(.resize)
        message.columns = size.columns
        message.rows = size.rows
        let body = try HostClient.body(message, for: request)
        try await write(.text, body.content[...])
    }

    /// Says goodbye, waits up to a second for the host's, and closes the connection.
    public func close() async {
        let channel = channel
        channel.writeAndFlush(AttachHandler.close(code: 1000, allocator: channel.allocator), promise: nil)
        let timer = channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        await withCheckedContinuation { continuation in
            channel.closeFuture.whenComplete { _ in continuation.resume() }
        }
        timer.cancel()
    }

    private func write(_ opcode: WebSocketOpcode, _ content: ArraySlice<UInt8>) async throws(HostClientFailure) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: ByteBuffer(bytes: content))
        do {
            try await channel.writeAndFlush(frame)
        } catch {
            throw .disconnected(request: request)
        }
    }
}
