import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// An attached client with a window of its own, that keeps all that it is sent.
final class WindowClient {
    /// Its window; nil for one who only looks.
    let size: TerminalSize?
    /// What it was sent to draw: the picture of the screen, and what the program has written since.
    private(set) var bytes: [UInt8] = []
    /// How that was announced.
    private(set) var synced: AttachMessage?
    private let socket: AttachSocket

    /// Attaches, and waits for the picture.
    init(_ client: HostClient, _ session: String, size: TerminalSize? = nil) throws {
        self.size = size
        socket = try AttachSocket.open(host: client.address, session: session, size: size, timeout: .seconds(30))
        while true {
            // Some of it may have come with the host's acceptance.
            receive()
            if let synced, bytes.count >= synced.repaint ?? 0 { return }
            var wait = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            try #require(poll(&wait, 1, 30_000) == 1)
        }
    }

    /// Number of the next byte of the session's output.
    var next: UInt64 { (synced?.seq ?? 0) + UInt64(bytes.count - (synced?.repaint ?? 0)) }

    /// Takes what has come.
    func receive() {
        socket.receive { event in
            switch event {
            case .bytes(let part): bytes += part
            case .message(let message): if message.type == .synced { synced = message }
            case .closed: break
            }
        }
        socket.flush()
    }

    /// Types.
    func type(_ keys: String) { socket.send(Array(keys.utf8)) }

    /// Detaches.
    func detach() { socket.close(within: .seconds(5)) }
}
