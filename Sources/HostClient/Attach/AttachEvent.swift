public import HostProtocol

/// What an attached client hears from the host.
public enum AttachEvent: Sendable, Equatable {
    /// A control message.
    case message(AttachMessage)
    /// Terminal output.
    case bytes([UInt8])
    /// The end of the connection, always the last event. The code is the host's, or 1006 when the connection was cut off.
    case closed(Int)
}
