import CgroupPty

/// The output of sessions that are over: readable until the session is removed, or until later ones need the room.
///
/// A session that is over is no terminal and no process any more, only its ring: pages of memory for what it has printed. The memory
/// file is with the manager, where there is a store, and not with us, so this costs no descriptor.
struct EndedOutputs {
    /// How many are kept at most (I8). With the most sessions that can run they fit into what the manager keeps, 4,096; and each of
    /// them is handed over at a restart, which takes some 20 µs.
    static let countLimit = 512
    /// Bytes that they take together at most (I8): 64 full rings of the standard size, or a full count of builds with 250 KiB.
    static let memoryLimit = 128 << 20

    private var feeds: [TerminalFeed] = []
    private let memoryLimit: Int

    init(memoryLimit: Int = Self.memoryLimit) { self.memoryLimit = memoryLimit }

    /// Bytes that they take together, about.
    var memoryInUse: Int { feeds.reduce(0) { $0 + $1.memoryInUse } }

    /// All of them, the oldest first.
    var all: [TerminalFeed] { feeds }

    /// The output of a session, if it is kept.
    func feed(of session: SessionID) -> TerminalFeed? { feeds.last { $0.session == session } }

    /// Keeps the output of a session that has just ended.
    /// - Returns: those that had to go for it, the oldest.
    mutating func insert(_ feed: TerminalFeed) -> [TerminalFeed] {
        // One that an earlier host had kept, and was killed before it could let go of the terminal.
        remove(feed.session)
        feeds.append(feed)
        var dropped: [TerminalFeed] = []
        var memory = memoryInUse
        while feeds.count > 1, feeds.count > Self.countLimit || memory > memoryLimit {
            let oldest = feeds.removeFirst()
            memory -= oldest.memoryInUse
            dropped.append(oldest)
        }
        return dropped
    }

    /// Lets go of a session's output.
    mutating func remove(_ session: SessionID) { feeds.removeAll { $0.session == session } }
}
