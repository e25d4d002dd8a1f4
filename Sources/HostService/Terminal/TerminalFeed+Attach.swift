import CgroupPty
import HostProtocol
import NIOCore

/// How a client gets to where the output is: by the bytes that it lacks, or by a picture of the screen.
extension TerminalFeed {
    /// Bytes that a picture is made of for a client that comes in a flood, beside the checkpoint.
    private static let hastyReads = 64 << 10
    /// Bytes that a window may be behind while its user types: some seconds of a slow connection.
    static let unseenLimit = 1 << 20
    /// Bytes that a picture is then made of: of lines of two bytes it takes a tenth of a second.
    private static let skippedReads = 256 << 10

    /// Attaches a client: `attached`, `title`, `synced`, then the bytes that it lacks, or a picture of the screen, then live ones.
    ///
    /// A picture is made of the screen at one byte, and what the terminal is in the middle of there goes before the live ones. While it is
    /// made nothing is kept for the client. Where more than the ring holds has come meanwhile another is made, of little, and
    /// meanwhile the client counts as any that is behind.
    /// - Parameters:
    ///   - key: from ``newKey()``.
    ///   - from: the first byte that the client lacks, in the run that `epoch` names.
    ///   - columns: of its window, nil for one without. Whoever has one answers what programs ask in the bytes that it is given. What they asked
    ///     before its picture is answered now.
    func attach(
        _ key: UInt64, title: String, from: UInt64?, epoch wanted: String?, columns: Int? = nil
    ) async {
        var messages = [AttachMessage(.attached), AttachMessage(.title), AttachMessage(.synced)]
        messages[0].session = session.rawValue
        messages[1].title = title
        let (isExact, material) = state.withLock { state -> (Bool, ScreenMaterial?) in
            messages[2].epoch = Self.name(of: state.ring)
            guard let from, wanted == messages[2].epoch, from >= state.ring.start, from <= state.ring.end,
                columns == nil || from >= state.answeredUpTo
            else {
                if columns != nil { state.windowsComing += 1 }
                return (false, state.material())
            }
            messages[2].seq = from
            messages[2].mode = .exact
            state.readers[key] = Reader(
                next: from, isClient: true, columns: columns, messages: messages.map { .message($0) })
            if columns != nil { state.queriesFrom = state.ring.end }
            return (true, nil)
        }
        guard !isExact, let material else { return }
        messages[2].mode = from == nil ? .tail : .reanchor
        if await !attach(key, messages, columns, material) { await attachInFlood(key, messages, columns) }
    }

    /// - Returns: false when the ring has lost bytes meanwhile that come after the picture.
    private func attach(
        _ key: UInt64, _ messages: [AttachMessage], _ columns: Int?, _ material: ScreenMaterial
    ) async -> Bool {
        guard let events = await draw(material, after: messages, for: columns, isKept: false) else { return false }
        let (isAttached, queriesFrom) = state.withLock { state -> (Bool, UInt64?) in
            guard material.end >= state.ring.start else { return (false, nil) }
            return (
                true,
                insert(Reader(next: material.end, isClient: true, columns: columns, messages: events), key, &state)
            )
        }
        if let queriesFrom { await answer(material, from: queriesFrom) }
        return isAttached
    }

    private func attachInFlood(_ key: UInt64, _ messages: [AttachMessage], _ columns: Int?) async {
        let (material, queriesFrom) = state.withLock { state -> (ScreenMaterial, UInt64?) in
            let reader = Reader(next: state.ring.end, isClient: true, columns: columns, isHeld: true)
            let queriesFrom = insert(reader, key, &state)
            return (state.material(atMost: Self.hastyReads), queriesFrom)
        }
        await show(material, to: key, after: messages, columns)
        if let queriesFrom { await answer(material, from: queriesFrom) }
    }

    /// Has a client read from a byte on that it gets a picture of.
    /// - Returns: from where the host is to answer what was asked before that byte; nil where nobody is to, or somebody else.
    private func insert(_ reader: Reader, _ key: UInt64, _ state: inout State) -> UInt64? {
        let hasWindow = reader.columns != nil
        if hasWindow { state.windowsComing -= 1 }
        let queriesFrom = hasWindow ? state.takeOverQueries(upTo: reader.next) : nil
        state.readers[key] = reader
        return queriesFrom
    }

    /// Somebody types at a window: where that is far behind, what it has not taken is left out, and a picture follows, so that Ctrl-C
    /// is seen to work and an echo comes at once. Returns at once.
    /// - Parameter limit: Bytes that it may be behind without that.
    func skipAhead(_ key: UInt64, whenBehind limit: Int = unseenLimit) {
        var synced = AttachMessage(.synced)
        let left = state.withLock { state -> (material: ScreenMaterial, queriesFrom: UInt64, columns: Int?)? in
            guard let reader = state.readers[key], !reader.isHeld, !reader.isCut,
                limit == 0 || (reader.columns != nil && state.ring.end - reader.firstUntaken > UInt64(limit))
            else { return nil }
            synced.epoch = Self.name(of: state.ring)
            synced.mode = .reanchor
            // What was asked in it is nobody else's to answer.
            let isAlone = reader.columns != nil && state.readers.values.count { $0.answersQueries } == 1
            let queriesFrom = isAlone ? max(state.queriesFrom, reader.firstUntaken) : state.ring.end
            reader.hold(state.ring)
            return (state.material(atMost: Self.skippedReads), queriesFrom, reader.columns)
        }
        guard let left else { return }
        Task { [synced] in
            await show(left.material, to: key, after: [synced], left.columns)
            await answer(left.material, from: left.queriesFrom)
        }
    }

    /// Gives a client that is held a picture.
    private func show(
        _ material: ScreenMaterial, to key: UInt64, after messages: [AttachMessage], _ columns: Int?
    ) async {
        guard let events = await draw(material, after: messages, for: columns, isKept: true) else { return }
        let wake = state.withLock { $0.readers[key]?.show(events) }
        wake?()
    }

    /// A picture, after messages of which the last is `synced`.
    /// - Parameters:
    ///   - columns: of the window that it is for.
    ///   - isKept: Whether the bytes that come meanwhile are kept for the client.
    /// - Returns: nil when the ring has lost what comes after it.
    private func draw(
        _ material: ScreenMaterial, after messages: [AttachMessage], for columns: Int?, isKept: Bool
    ) async -> [AttachmentEvent]? {
        guard let picture = await repaint(material, columns: columns, isKept: isKept) else { return nil }
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
