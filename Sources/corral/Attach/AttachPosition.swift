import HostProtocol

/// How much of a session's output has arrived, so that another connection can go on from there.
struct AttachPosition: Equatable, Sendable {
    /// Names the run of the sequence numbers; nil before the host has said.
    private(set) var epoch: String?
    /// Sequence number of the next byte; nil before the host has said.
    private(set) var next: UInt64?
    /// Bytes still to come that draw the screen and have no number.
    private var unnumbered = 0

    /// Whether a part of the picture is still to come.
    var isWithinPicture: Bool { unnumbered > 0 }

    /// Takes a control message in.
    mutating func read(_ message: AttachMessage) {
        if let epoch = message.epoch { self.epoch = epoch }
        if let seq = message.seq { next = seq }
        if message.type == .synced { unnumbered = message.repaint ?? 0 }
    }

    /// Takes output in.
    /// - Returns: how many of the bytes, the first ones, draw the screen and have no number.
    @discardableResult
    mutating func read(byteCount: Int) -> Int {
        let numbered = max(0, byteCount - unnumbered)
        unnumbered -= byteCount - numbered
        if let next { self.next = next + UInt64(numbered) }
        return byteCount - numbered
    }
}
