import NIOConcurrencyHelpers

/// Ends an attachment once, whoever finds first that it is over, and wakes up who waits for it.
final class Detachment: Sendable {
    private struct State {
        var isDone = false
        var waiting: (@Sendable () -> Void)?
    }

    private let attachment: any Attachment
    private let state = NIOLockedValueBox(State())

    /// Takes over the duty to end an attachment.
    init(_ attachment: any Attachment) {
        self.attachment = attachment
    }

    /// Whether the attachment was ended, or is about to be.
    var isDone: Bool { state.withLockedValue { $0.isDone } }

    /// Ends the attachment, if that was not done.
    func detach() async {
        let (isFirst, waiting) = state.withLockedValue { state in
            defer { state = State(isDone: true) }
            return (!state.isDone, state.waiting)
        }
        waiting?()
        if isFirst { await attachment.detach() }
    }

    /// Calls a function when the attachment is ended, at once when it was. It takes the place of an earlier one.
    func whenDone(_ wake: @escaping @Sendable () -> Void) {
        let isDone = state.withLockedValue { state in
            if !state.isDone { state.waiting = wake }
            return state.isDone
        }
        if isDone { wake() }
    }
}
