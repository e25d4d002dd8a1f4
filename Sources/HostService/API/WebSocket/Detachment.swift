import NIOConcurrencyHelpers

/// Ends an attachment once, whoever finds first that it is over.
final class Detachment: Sendable {
    private let attachment: any Attachment
    private let isDone = NIOLockedValueBox(false)

    /// Takes over the duty to end an attachment.
    init(_ attachment: any Attachment) {
        self.attachment = attachment
    }

    /// Ends the attachment, if that was not done.
    func detach() async {
        let isFirst = isDone.withLockedValue { isDone in
            defer { isDone = true }
            return !isDone
        }
        if isFirst { await attachment.detach() }
    }
}
