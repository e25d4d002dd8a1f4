/// A piece of a session's output and where it stands.
public struct SessionOutput: Sendable, Equatable {
    /// Names the run of the sequence numbers.
    public var epoch: String
    /// Sequence number of the first byte here.
    public var from: UInt64
    /// Sequence number of the byte after the last one here: where to go on.
    public var next: UInt64
    /// Raw terminal output.
    public var bytes: [UInt8]

    /// Makes a piece from its parts.
    public init(epoch: String, from: UInt64, next: UInt64, bytes: [UInt8]) {
        self.epoch = epoch
        self.from = from
        self.next = next
        self.bytes = bytes
    }
}
