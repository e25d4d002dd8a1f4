import CgroupPty

/// A session's terminal as the host holds it: the master, the way of bytes to and from it, and the output on its way to everybody.
struct HeldTerminal: Sendable {
    let terminal: PseudoTerminal
    let feed: TerminalFeed
    let channel: TerminalChannel

    /// Begins to read a terminal into a ring.
    /// - Throws: ``SystemCallFailure`` from the pump.
    init(
        session: SessionID, terminal: PseudoTerminal, leader: Pidfd, ring: sending OutputRing, _ context: HostContext
    ) throws(SystemCallFailure) {
        self.terminal = terminal
        feed = TerminalFeed(
            session: session, ring: ring, size: try terminal.size() ?? .standard,
            checkpoints: context.configuration.checkpoints)
        channel = try context.pump.start(terminal, of: leader, into: feed)
        // The channel holds the feed.
        feed.answerQueries { [weak channel] in _ = channel?.enqueue([$0]) }
    }

    /// Lets go of the terminal: the kernel hangs it up once nobody else holds its master. The output stays with the feed.
    func close() { channel.close() }
}
