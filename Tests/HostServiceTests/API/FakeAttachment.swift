import HostProtocol
import NIOConcurrencyHelpers
import NIOCore

@testable import HostService

/// An attachment in memory: the test plays the session.
final class FakeAttachment: Attachment {
    struct State {
        var input: [UInt8] = []
        var sizes: [TerminalSize] = []
        /// How much input there was at each of them.
        var inputAtSize: [Int] = []
        var queue: [AttachmentEvent] = []
        var isFinished = false
        var wake: (@Sendable () -> Void)?
        /// Bytes that were taken for the client.
        var taken = 0
        var detaches = 0
        /// Whether the terminal takes input without a wait.
        var takesAtOnce = true
        /// Thrown by `send`.
        var sendFailure: (any Error)?
        /// Holds every `send` until it is opened; a detach does not open it.
        var gate: CallGate?
    }

    private let state = NIOLockedValueBox(State())

    /// What is so now.
    var now: State { state.withLockedValue { $0 } }
    var isEnding: Bool { now.isFinished }

    /// What was written to the terminal, as text.
    var text: String { String(decoding: now.input, as: UTF8.self) }
    /// Whether the attachment was ended, exactly once.
    var isDetached: Bool { now.detaches == 1 }

    /// Plays the session: something happens.
    func emit(_ event: AttachmentEvent) { change { $0.queue.append(event) } }

    /// Plays the session: output.
    func emit(_ bytes: [UInt8]) { emit(.bytes(ByteBuffer(bytes: bytes))) }

    /// Plays the session: nothing more happens.
    func finish() { change { $0.isFinished = true } }

    private func change(_ body: (inout State) -> Void) {
        let wake = state.withLockedValue { state in
            body(&state)
            return state.wake.take()
        }
        wake?()
    }

    func next(atMost limit: Int, orTell wake: @escaping @Sendable () -> Void) -> AttachmentEvent? {
        state.withLockedValue { state in
            guard let first = state.queue.first else {
                if state.isFinished { return .over }
                state.wake = wake
                return nil
            }
            guard case .bytes(var bytes) = first, let part = bytes.readSlice(length: min(limit, bytes.readableBytes))
            else { return state.queue.removeFirst() }
            if bytes.readableBytes == 0 { state.queue.removeFirst() } else { state.queue[0] = .bytes(bytes) }
            state.taken += part.readableBytes
            return .bytes(part)
        }
    }

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

    func sendAtOnce(_ bytes: [UInt8]) -> Bool {
        state.withLockedValue { state in
            guard state.takesAtOnce, state.gate == nil, state.sendFailure == nil, state.detaches == 0 else {
                return false
            }
            state.input += bytes
            return true
        }
    }

    func resize(to size: TerminalSize) async throws {
        set { state in
            state.sizes.append(size)
            state.inputAtSize.append(state.input.count)
        }
    }

    func repaint() {}

    func detach() async {
        set { $0.detaches += 1 }
        finish()
    }
}
