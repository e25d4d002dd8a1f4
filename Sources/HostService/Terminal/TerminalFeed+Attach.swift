import CgroupPty
import HostProtocol
import NIOCore

/// How a client gets to where the output is: by the bytes that it lacks, or by a picture of the screen.
extension TerminalFeed {
    /// Bytes that a picture is made of for a client that comes in a flood, beside the checkpoint.
    private static let hastyReads = 64 << 10
    /// Bytes that a terminal may be behind while its user types: some seconds of a slow connection.
    static let unseenLimit = 1 << 20

    /// Attaches a client: `attached`, `title`, `synced`, then the bytes that it lacks, or a picture of the screen, then live ones.
    ///
    /// A picture is made of the screen at one byte, and what the terminal is in the middle of there goes before the live ones. While it is
    /// made nothing is kept for the client. Where more than the ring holds has come meanwhile another is made, of little, and
    /// meanwhile the client counts as any that is behind.
    /// - Parameters:
    ///   - key: from ``newKey()``.
    ///   - from: the first byte that the client lacks, in the run that `epoch` names.
    ///   - isTerminal: Whether it answers what programs ask in the bytes that it is given. Not those in a picture: these are answered now.
    func attach(
        _ key: UInt64, title: String, from: UInt64?, epoch wanted: String?, isTerminal: Bool = false
    ) async {
        var messages = [AttachMessage(.attached), AttachMessage(.title), AttachMessage(.synced)]
        messages[0].session = session.rawValue
        messages[1].title = title
        let (isExact, material) = state.withLock { state -> (Bool, ScreenMaterial?) in
            messages[2].epoch = Self.name(of: state.ring)
            guard let from, wanted == messages[2].epoch, from >= state.ring.start, from <= state.ring.end else {
                return (false, state.material())
            }
            messages[2].seq = from
            messages[2].mode = .exact
            state.readers[key] = Reader(
                next: from, isClient: true, isTerminal: isTerminal, messages: messages.map { .message($0) })
            if isTerminal { state.queriesFrom = state.ring.end }
            return (true, nil)
        }
        guard !isExact, let material else { return }
        messages[2].mode = from == nil ? .tail : .reanchor
        if await !attach(key, messages, isTerminal, material) { await attachInFlood(key, messages, isTerminal) }
    }

    /// - Returns: false when the ring has lost bytes meanwhile that come after the picture.
    private func attach(
        _ key: UInt64, _ messages: [AttachMessage], _ isTerminal: Bool, _ material: ScreenMaterial
    ) async -> Bool {
        guard let events = await draw(material, after: messages, isKept: false) else { return false }
        let (isAttached, queriesFrom) = state.withLock { state -> (Bool, UInt64?) in
            guard material.end >= state.ring.start else { return (false, nil) }
            let queriesFrom = isTerminal && !state.hasTerminal ? state.claimQueries(upTo: material.end) : nil
            state.readers[key] = Reader(next: material.end, isClient: true, isTerminal: isTerminal, messages: events)
            return (true, queriesFrom)
        }
        if let queriesFrom { await answer(material, from: queriesFrom) }
        return isAttached
    }

    private func attachInFlood(_ key: UInt64, _ messages: [AttachMessage], _ isTerminal: Bool) async {
        let (material, queriesFrom) = state.withLock { state -> (ScreenMaterial, UInt64?) in
            let queriesFrom = isTerminal && !state.hasTerminal ? state.claimQueries(upTo: state.ring.end) : nil
            state.readers[key] = Reader(next: state.ring.end, isClient: true, isTerminal: isTerminal, isHeld: true)
            return (state.material(atMost: Self.hastyReads), queriesFrom)
        }
        await release(key, messages, material)
        if let queriesFrom { await answer(material, from: queriesFrom) }
    }

    /// Somebody types at a terminal: where that is far behind what it has not taken is left out, and a picture follows, so that Ctrl-C
    /// is seen to work and an echo comes at once. Returns at once.
    func catchUp(_ key: UInt64) {
        var synced = AttachMessage(.synced)
        let left = state.withLock { state -> (ScreenMaterial, UInt64)? in
            guard let reader = state.readers[key], reader.isTerminal, !reader.isHeld, !reader.isCut,
                reader.countBehind(state.ring) > Self.unseenLimit
            else { return nil }
            synced.epoch = Self.name(of: state.ring)
            synced.mode = .reanchor
            // What was asked in it is nobody else's to answer.
            let isAlone = state.readers.values.count { $0.isTerminal } == 1
            let first = isAlone ? reader.next : state.ring.end
            reader.hold(state.ring)
            return (state.material(), first)
        }
        guard let (material, queriesFrom) = left else { return }
        Task { [synced] in
            await release(key, [synced], material)
            await answer(material, from: queriesFrom)
        }
    }

    /// Gives a client that is held a picture.
    private func release(_ key: UInt64, _ messages: [AttachMessage], _ material: ScreenMaterial) async {
        guard let events = await draw(material, after: messages, isKept: true) else { return }
        let wake = state.withLock { $0.readers[key]?.release(with: events) }
        wake?()
    }

    /// A picture, after messages of which the last is `synced`.
    /// - Parameter isKept: Whether the bytes that come meanwhile are kept for the client.
    /// - Returns: nil when the ring has lost what comes after it.
    private func draw(
        _ material: ScreenMaterial, after messages: [AttachMessage], isKept: Bool
    ) async -> [AttachmentEvent]? {
        guard let picture = await repaint(material, isKept: isKept) else { return nil }
        var messages = messages
        let synced = messages.count - 1
        if let title = picture.title, let place = messages.firstIndex(where: { $0.type == .title }) {
            messages[place].title = title
        }
        messages[synced].seq = material.end - UInt64(picture.unfinished)
        messages[synced].repaint = picture.bytes.count
        var events = messages.map { AttachmentEvent.message($0) }
        for bytes in [picture.bytes[...], material.bytes.suffix(picture.unfinished)] where !bytes.isEmpty {
            events.append(.bytes(ByteBuffer(bytes: bytes)))
        }
        return events
    }
}
