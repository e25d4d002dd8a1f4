import CgroupPty
import Glibc
public import HostClient
public import HostProtocol

/// An attached client on a thread of its own, for tests that await what it hears.
public struct AttachedClient: Sendable {
    /// What the host says.
    public enum Event: Sendable, Equatable {
        case message(AttachMessage)
        case bytes([UInt8])
        /// The end of the connection, always the last event.
        case closed(Int)
    }

    private let host: HostAddress
    private let session: String
    private let from: UInt64?
    private let epoch: String?
    private let timeout: Duration

    /// Prepares to attach, from a byte of a run on or to a picture of the screen.
    public init(
        _ client: HostClient, _ session: String, from: UInt64? = nil, epoch: String? = nil,
        timeout: Duration = HostClient.defaultTimeout
    ) {
        host = client.address
        self.session = session
        self.from = from
        self.epoch = epoch
        self.timeout = timeout
    }

    /// Attaches and hands over each event, until the reader has enough, the connection ends, the limit has passed or the task is
    /// cancelled; then it detaches.
    /// - Parameter hasEnough: Called on another thread, one call at a time.
    /// - Returns: whether the reader had enough.
    /// - Throws: ``HostClientFailure`` when the host does not accept.
    @discardableResult
    public func run(
        within limit: Duration? = nil, until hasEnough: @escaping @Sendable (Event) -> Bool = { _ in false }
    ) async throws(HostClientFailure) -> Bool {
        let isCancelled = Locked(false)
        return try await withTaskCancellationHandler {
            await BlockingExecutor(label: "attached").run {
                Result { () throws(HostClientFailure) in
                    let socket = try AttachSocket.open(
                        host: host, session: session, from: from, epoch: epoch, timeout: timeout)
                    let deadline = limit.map(Deadline.after)
                    var (isOver, isEnough) = (false, false)
                    while !isOver, !isEnough, deadline?.hasPassed != true, !isCancelled.withLock({ $0 }) {
                        var wait = pollfd(
                            fd: socket.descriptor, events: Int16(POLLIN | (socket.hasUnsent ? POLLOUT : 0)), revents: 0)
                        socket.receive { event in
                            if isEnough { return }
                            switch event {
                            case .bytes(let bytes): isEnough = hasEnough(.bytes(Array(bytes)))
                            case .message(let message): isEnough = hasEnough(.message(message))
                            case .closed(let code):
                                isEnough = hasEnough(.closed(code))
                                isOver = true
                            }
                        }
                        // Until something comes, or it is time to look at the clock and the task again.
                        if !isOver, !isEnough { poll(&wait, 1, 20) }
                        socket.flush()
                    }
                    socket.close(within: .seconds(1))
                    return isEnough
                }
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
        }.get()
    }
}
