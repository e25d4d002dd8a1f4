/// A control message of an attached client: the JSON in a WebSocket text frame. Terminal bytes travel in binary frames.
///
/// The host sends `attached`, `title`, `synced`, then the bytes that the client missed and the live ones, and `ended` once
/// the session is over; in between `frozen` and `thawed`, and `synced` again where output was left out. The client sends `resize` and
/// `repaint`. Either end ignores a type that it does not know.
public struct AttachMessage: Codable, Sendable, Equatable {
    /// What the message is.
    public enum Kind: String, Codable, Sendable {
        case attached, title, synced, ended, resize
        /// The session is frozen: input is dropped, and no output comes. Told when it becomes so, and again for input that was dropped.
        case frozen
        /// The session goes on.
        case thawed
        /// The client passes over all output until the next `synced`, which is to come with a picture: its user wants to see what is now.
        case repaint
    }

    /// How the bytes after `synced` relate to what the client had.
    public enum Mode: String, Codable, Sendable {
        /// Only the missed bytes follow.
        case exact
        /// A new client: a picture of the screen follows.
        case tail
        /// What the client had is not continued: a picture of the screen follows.
        case reanchor
    }

    public var type: Kind
    public var session: String?
    public var title: String?
    /// Names the run of the sequence numbers.
    public var epoch: String?
    /// Sequence number of the first byte that follows.
    public var seq: UInt64?
    public var mode: Mode?
    /// Of the bytes that follow, so many draw the screen and have no numbers; `seq` is the first one's after them.
    public var repaint: Int?
    public var columns: Int?
    public var rows: Int?
    public var exit: SessionDocument.Exit?
    public var endReason: SessionDocument.EndReason?

    /// Makes a message of a kind; the caller fills in what belongs to it.
    public init(_ type: Kind) {
        self.type = type
    }
}
