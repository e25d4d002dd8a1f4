import CgroupPty
import HostProtocol

/// One attached client of a session.
struct SessionAttachment: Attachment {
    /// Nil when it was over already: there is output to be read, and nothing else.
    let session: LiveSession?
    let feed: TerminalFeed
    let key: UInt64
    /// Nil when it was over already.
    let watch: FreezeWatch?

    func next(atMost limit: Int, orTell wake: @escaping @Sendable () -> Void) -> AttachmentEvent? {
        feed.next(key, atMost: limit, orTell: wake)
    }

    var isEnding: Bool { feed.hasEnded }

    func send(_ bytes: [UInt8]) async throws {
        guard let session else {
            throw HostFailure.sessionEnded("write to the session: it has ended; the bytes are lost")
        }
        guard watch?.isFrozen != true else {
            watch?.remind()
            return
        }
        try session.typed(bytes, by: key)
        try await session.send(bytes)
        skipAhead(after: bytes)
    }

    func sendAtOnce(_ bytes: [UInt8]) -> Bool {
        guard watch?.isFrozen != true, session?.sendAtOnce(bytes, by: key) == true else { return false }
        skipAhead(after: bytes)
        return true
    }

    func repaint() { feed.skipAhead(key, whenBehind: 0) }

    /// A person who types wants to see what that does.
    private func skipAhead(after bytes: [UInt8]) {
        if !TerminalReports.areAll(bytes) { feed.skipAhead(key) }
    }

    func resize(to size: TerminalSize) async throws {
        guard let size = WindowSize(columns: size.columns, rows: size.rows) else {
            throw HostFailure.invalidRequest(
                "resize the session: columns and rows go from 1 to 1000; nothing was changed")
        }
        try session?.resize(to: size, by: key)
        feed.setWindow(of: key, columns: Int(size.columns))
    }

    func detach() async {
        watch?.end()
        feed.detach(key)
        do { try session?.left(key) } catch {
            // The terminal is hung up: it has no size to be given back.
        }
    }
}
