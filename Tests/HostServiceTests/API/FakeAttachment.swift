import HostProtocol
import NIOConcurrencyHelpers

@testable import HostService

/// An attachment in memory: the test plays the session.
final class FakeAttachment: Attachment {
    struct State {
        var input: [UInt8] = []
        var sizes: [TerminalSize] = []
        var acknowledged = 0
        var detaches = 0
        /// Thrown by `send`.
        var sendFailure: (any Error)?
        /// Holds every `send` until it is opened; a detach does not open it.
        var gate: CallGate?
    }

    private let state = NIOLockedValueBox(State())

    /// What is so now.
    var now: State { state.withLockedValue { $0 } }
    let events: AsyncStream<AttachmentEvent>
    private let continuation: AsyncStream<AttachmentEvent>.Continuation

    init() {
        (events, continuation) = AsyncStream.makeStream(of: AttachmentEvent.self)
    }

    /// What was written to the terminal, as text.
    var text: String { String(decoding: now.input, as: UTF8.self) }
    /// Whether the attachment was ended, exactly once.
    var isDetached: Bool { now.detaches == 1 }

    /// Plays the session: something happens.
    func emit(_ event: AttachmentEvent) { continuation.yield(event) }

    /// Plays the session: nothing more happens.
    func finish() { continuation.finish() }

    func set(_ change: (inout State) -> Void) {
        state.withLockedValue { change(&$0) }
    }

    func send(_ bytes: [UInt8]) async throws {
        let (gate, failure) = state.withLockedValue { ($0.gate, $0.sendFailure) }
        if let gate { await gate.pass() }
        if let failure { throw failure }
        guard now.detaches == 0 else { throw HostFailure.sessionEnded("detached") }
        set { $0.input += bytes }
    }

    func resize(to size: TerminalSize) async throws {
        set { $0.sizes.append(size) }
    }

    func acknowledge(byteCount: Int) {
        set { $0.acknowledged += byteCount }
    }

    func detach() async {
        set { $0.detaches += 1 }
        continuation.finish()
    }
}
