import HostProtocol

/// An attachment of a client that only looks: whatever it sends is dropped, and its window is no session's size.
///
/// The host keeps it to that, so a screen can be shown to somebody who is not trusted with the keyboard.
struct ReadOnlyAttachment: Attachment {
    let whole: any Attachment

    func next(atMost limit: Int, orTell wake: @escaping @Sendable () -> Void) -> AttachmentEvent? {
        whole.next(atMost: limit, orTell: wake)
    }

    var isEnding: Bool { whole.isEnding }

    func send(_ bytes: [UInt8]) async throws {}

    func sendAtOnce(_ bytes: [UInt8]) -> Bool { true }

    func resize(to size: TerminalSize) async throws {}

    func repaint() { whole.repaint() }

    func detach() async { await whole.detach() }
}
