import CgroupPty
import Foundation
public import HostClient
public import HostProtocol

/// Reads a session through a real attachment, and waits for what it should show.
public struct SessionReader: Sendable {
    /// The session did not show it in time.
    public struct Missing: Error, CustomStringConvertible {
        public let description: String
    }

    private let client: HostClient
    private let session: String

    public init(_ client: HostClient, _ session: String) {
        self.client = client
        self.session = session
    }

    /// Attaches and waits until the output, from the beginning of what the ring holds, contains a text.
    @discardableResult
    public func waitFor(_ text: String, within limit: Duration = .seconds(30)) async throws -> String {
        try await wait(within: limit, "\"\(text)\"") { $0.contains(text) }
    }

    /// Attaches and waits for the session's end; returns all of its output.
    public func waitForEnd(
        within limit: Duration = .seconds(30)
    ) async throws -> (output: String, ended: AttachMessage?) {
        let ended = Locked<AttachMessage?>(nil)
        let text = try await wait(
            within: limit, "its end",
            onMessage: { message in
                if message.type == .ended { ended.withLock { $0 = message } }
            }
        ) { _ in ended.withLock { $0 } != nil }
        return (text, ended.withLock { $0 })
    }

    private func wait(
        within limit: Duration, _ what: String, onMessage: @escaping @Sendable (AttachMessage) -> Void = { _ in },
        until isDone: @escaping @Sendable (String) -> Bool
    ) async throws -> String {
        let bytes = Locked<[UInt8]>([])
        let isFound = try await AttachedClient(client, session).run(within: limit) { event in
            switch event {
            case .bytes(let more): bytes.withLock { $0 += more }
            case .message(let message): onMessage(message)
            case .closed: break
            }
            return isDone(String(decoding: bytes.withLock { $0 }, as: UTF8.self))
        }
        let text = String(decoding: bytes.withLock { $0 }, as: UTF8.self)
        guard isFound else {
            throw Missing(
                description: "session \(session) did not show \(what) within \(limit); it showed: \(text.suffix(2000))")
        }
        return text
    }
}
