import NIOCore

/// The body of an answer that is made while it is sent.
protocol BodyStream: Sendable {
    /// The next piece, once there is one and the client has taken those before; nil at the end of the answer.
    /// - Throws: `CancellationError` when the service stops or the client is gone; anything else breaks the connection, so that the
    ///   client does not take what it has for the whole.
    func next() async throws -> ByteBuffer?
    /// Nothing more is asked for. Called once, however the answer ends.
    func close()
}
