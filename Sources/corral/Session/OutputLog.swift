import Dispatch
import Glibc
import HostClient
import HostProtocol

/// A session's raw output on stdout, each byte once, in order, and never one that is not its own.
///
/// What is held is asked for; what comes then is followed by attaching at the byte after it. An attachment that cannot go on there
/// (the host has dropped the byte, or the numbers have begun anew) would begin with a picture of the screen: then what is held is asked
/// for again, and stderr says what is missing.
struct OutputLog {
    private let client: HostClient
    private let session: String
    private var next: UInt64?
    private var epoch: String?
    private var absence: HostAbsence

    /// Prepares to print the output of a session, given by its id, from a byte on or from the oldest that is held.
    init(_ client: HostClient, session: String, from: UInt64?, absence: HostAbsence = HostAbsence()) {
        self.client = client
        self.session = session
        self.absence = absence
        next = from
    }

    /// Prints what is held.
    mutating func printHeld() async throws(HostClientFailure) {
        let output = try await client.output(of: session, from: next)
        if let note = Self.note(asked: next, before: epoch, output) { Console.note("corral: \(note)") }
        output.bytes.withUnsafeBytes { Console.print(bytes: $0) }
        next = output.next
        epoch = output.epoch
        absence.isOver()
    }

    /// Prints what is held and what comes, until the session ends.
    mutating func follow() async throws(HostClientFailure) {
        var hasBegun = false
        while true {
            do throws(HostClientFailure) {
                if !hasBegun { try await printHeld() }
                hasBegun = true
                switch try await attach() {
                case .ended: return
                case .gap: try await printHeld()
                case .broken(let code):
                    guard AttachLoop.isWorthRetrying(code) else {
                        throw .badResponse(
                            request: "attach to session \(session)", why: "the host closed with WebSocket code \(code)")
                    }
                    throw .disconnected(request: "attach to session \(session)")
                }
            } catch {
                // One that had ended long ago, and whose output nobody holds, is refused like any other that cannot be shown.
                if hasBegun, case .problem(let problem) = error, problem.code == "session_ended" {
                    Console.note(
                        "corral: session \(session) has ended while the host was away; its last output is not held")
                    return
                }
                guard await absence.bridge(error, of: client) else { throw error }
            }
        }
    }

    private enum Stretch: Sendable {
        /// The session is over, and all of its output was printed.
        case ended
        /// The connection broke; another goes on.
        case broken(Int)
        /// The next byte is not to be had by attaching.
        case gap
    }

    private mutating func attach() async throws(HostClientFailure) -> Stretch {
        let (host, session, position) = (client.address, session, (next: next, epoch: epoch))
        let printed = await withCheckedContinuation { continuation in
            // A thread of its own: it blocks for as long as the connection lasts.
            DispatchQueue(label: "log").async {
                continuation.resume(
                    returning: Result { () throws(HostClientFailure) in
                        try Self.printNew(
                            AttachSocket.open(
                                host: host, session: session, from: position.next, epoch: position.epoch,
                                timeout: HostClient.defaultTimeout))
                    })
            }
        }
        let (stretch, count, isSynced) = try printed.get()
        next = next.map { $0 + count }
        // A host that cuts this client right afterwards, since it is slow, was there.
        if isSynced { absence.isOver() }
        return stretch
    }

    /// Prints what a connection brings, until its end or until it cannot go on. Blocks the calling thread.
    /// - Returns: how many bytes it brought, and whether the host had begun to send.
    private static func printNew(_ socket: AttachSocket) -> (stretch: Stretch, count: UInt64, isSynced: Bool) {
        var (end, count, isSynced) = (Stretch?.none, 0 as UInt64, false)
        while true {
            socket.receive { event in
                guard end == nil else { return }
                switch event {
                case .bytes(let bytes):
                    Console.print(bytes: bytes)
                    count += UInt64(bytes.count)
                case .message(let message):
                    if message.type == .ended { end = .ended }
                    guard message.type == .synced else { return }
                    isSynced = true
                    if message.mode != .exact { end = .gap }
                case .closed(let code): end = .broken(code)
                }
            }
            if let end {
                socket.close(within: .seconds(1))
                return (end, count, isSynced)
            }
            var wait = pollfd(
                fd: socket.descriptor, events: Int16(POLLIN | (socket.hasUnsent ? POLLOUT : 0)), revents: 0)
            poll(&wait, 1, -1)
            socket.flush()
        }
    }

    /// What is told of bytes that are not there; nil when none is missing.
    static func note(asked: UInt64?, before: String?, _ output: SessionOutput) -> String? {
        if let before, before != output.epoch { return "the output began anew; it goes on at byte \(output.from)" }
        let wanted = asked ?? 0
        guard output.from > wanted else { return nil }
        return "\(output.from - wanted) bytes before byte \(output.from) are no longer held"
    }
}
