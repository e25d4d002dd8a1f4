import CgroupPty
public import HostClient
public import HostProtocol

/// A client that stays attached over every break of its connection, from the byte after the last one that arrived, and holds
/// everything that arrives against what must come.
public final class FollowingClient: Sendable {
    /// What it has seen.
    public struct Seen: Sendable {
        /// Bytes that arrived.
        public var bytes: UInt64 = 0
        /// Sequence number of the next byte; nil before the host has said.
        public var next: UInt64?
        public var epoch: String?
        /// Connections whose bytes went on exactly where the one before had broken off.
        public var exact = 0
        /// Connections that began anew because the ring had dropped what was missing.
        public var reanchored = 0
        /// How the last connection goes on from what there was before it.
        public var mode: AttachMessage.Mode?
        /// Bytes still to come that draw the screen and have no numbers.
        var unnumbered = 0
        /// Those that came last.
        public var repaint: [UInt8] = []
        /// With which code each connection ended that was not ours to end.
        public var closes: [Int] = []
        /// The first wrong byte, or why it could not go on, in words.
        public var fault: String?
        public var ended: AttachMessage?
    }

    private let client: HostClient
    private let session: String
    private let seen = Locked(Seen())

    /// Follows a session that prints ``CountedLines``, from what its terminal shows on.
    public init(_ client: HostClient, _ session: String) {
        self.client = client
        self.session = session
    }

    /// Follows a session that prints ``CountedLines``, from a byte of its output on: the first, or where another client was.
    public init(_ client: HostClient, _ session: String, from: UInt64 = 0, epoch: String) {
        self.client = client
        self.session = session
        seen.withLock { ($0.next, $0.epoch) = (from, epoch) }
    }

    /// What it has seen so far.
    public var now: Seen { seen.withLock { $0 } }

    /// Follows until the session ends, a byte is wrong, the task is cancelled, or this many bytes of the output have arrived; then
    /// it detaches. Whatever came after those is thrown away, as by a client that is gone.
    public func run(until goal: UInt64 = .max) async throws {
        while !Task.isCancelled, !isOver(goal) {
            let (next, epoch) = seen.withLock { ($0.next, $0.epoch) }
            do throws(HostClientFailure) {
                try await AttachedClient(client, session, from: next, epoch: epoch).run { event in
                    switch event {
                    case .bytes(let bytes): self.take(bytes)
                    case .message(let message): self.take(message)
                    case .closed(let code): self.seen.withLock { $0.closes.append(code) }
                    }
                    return self.isOver(goal)
                }
            } catch {
                guard Self.isAbsence(error) else {
                    seen.withLock { $0.fault = $0.fault ?? "\(error)" }
                    throw error
                }
                do { try await Task.sleep(for: .milliseconds(2)) } catch { return }
            }
        }
    }

    private func isOver(_ goal: UInt64) -> Bool {
        seen.withLock { $0.ended != nil || $0.fault != nil || $0.next ?? 0 >= goal }
    }

    /// Whether no host is there, or none that serves.
    private static func isAbsence(_ failure: HostClientFailure) -> Bool {
        switch failure {
        case .unreachable, .disconnected: true
        case .problem(let problem): problem.code == "shutting_down"
        case .badResponse, .timedOut, .cancelled: false
        }
    }

    private func take(_ arrived: [UInt8]) {
        seen.withLock { seen in
            let bytes = Array(arrived.dropFirst(seen.unnumbered))
            seen.repaint += arrived.prefix(seen.unnumbered)
            seen.unnumbered -= arrived.count - bytes.count
            guard let next = seen.next, !bytes.isEmpty else { return }
            if let fault = CountedLines.firstFault(in: bytes, from: next) {
                seen.fault = "byte \(fault) is \(bytes[Int(fault - next)]), in \(bytes.count) from \(next)"
            }
            seen.next = next + UInt64(bytes.count)
            seen.bytes += UInt64(bytes.count)
        }
    }

    private func take(_ message: AttachMessage) {
        seen.withLock { seen in
            switch message.type {
            case .synced:
                seen.mode = message.mode
                if message.mode == .exact {
                    seen.exact += 1
                    if seen.next != message.seq {
                        seen.fault = "exact, but from \(message.seq ?? 0) and not \(seen.next ?? 0)"
                    }
                } else if seen.next != nil {
                    seen.reanchored += 1
                }
                seen.next = message.seq
                seen.unnumbered = message.repaint ?? 0
                seen.repaint = []
                seen.epoch = message.epoch
            case .ended: seen.ended = message
            default: break
            }
        }
    }
}
