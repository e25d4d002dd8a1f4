import HostClient
import HostProtocol

/// The way to the session: the connection of the moment, and what was typed while there was none.
actor AttachLink {
    /// Bytes that are kept while there is no connection. A person types less in the time that a host needs to restart.
    private static let pendingLimit = 64 << 10

    private var connection: AttachConnection?
    private var size: TerminalSize?
    private var pending: [UInt8] = []
    private var isFlushing = false
    /// Whether the attachment is over for this end.
    private(set) var isClosed = false

    /// Begins with a connection.
    init(_ connection: AttachConnection) {
        self.connection = connection
    }

    /// Types. Suspends while the host takes no more; without a connection the bytes are kept, up to a limit.
    func type(_ bytes: [UInt8]) async {
        guard connection != nil || pending.count + bytes.count <= Self.pendingLimit else { return }
        pending += bytes
        await flush()
    }

    /// Tells the size, now and after each new connection.
    func resize(to size: TerminalSize) async {
        self.size = size
        do {
            try await connection?.resize(to: size)
        } catch {
            // The connection has gone; its reader notices, and the next one is told.
        }
    }

    /// The connection has gone.
    func disconnect() {
        connection = nil
    }

    /// Goes on over another connection.
    func reconnect(_ connection: AttachConnection) async {
        if isClosed { return await connection.close() }
        self.connection = connection
        if let size { await resize(to: size) }
        await flush()
    }

    /// Says goodbye.
    func close() async {
        isClosed = true
        await connection?.close()
        connection = nil
    }

    private func flush() async {
        guard !isFlushing else { return }
        isFlushing = true
        defer { isFlushing = false }
        while !pending.isEmpty, let connection {
            let bytes = pending
            pending = []
            do {
                try await connection.send(bytes)
            } catch {
                // How much of it was typed is not known. Typing it twice would be worse than not at all.
                return
            }
        }
    }
}
