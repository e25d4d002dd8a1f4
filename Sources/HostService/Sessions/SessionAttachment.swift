import CgroupPty
import HostProtocol

/// One attached client of a session.
struct SessionAttachment: Attachment {
    let session: LiveSession
    let key: UInt64
    let events: AsyncStream<AttachmentEvent>

    func send(_ bytes: [UInt8]) async throws { try await session.send(bytes) }

    /// The terminal's size follows the client that set it last.
    func resize(to size: TerminalSize) async throws {
        guard let size = WindowSize(columns: size.columns, rows: size.rows) else {
            throw HostFailure.invalidRequest(
                "resize session \(session.id): columns and rows go from 1 to 1000; nothing was changed")
        }
        try await session.resize(to: size)
    }

    func acknowledge(byteCount: Int) { session.feed.acknowledge(key, byteCount: byteCount) }

    func detach() async { session.feed.unsubscribe(key) }
}
