import CgroupPty
import HostProtocol
import NIOCore
import SessionIndex
import TerminalText

/// Waiting for something to happen in a session: for its end, for a line of its output, for its silence.
///
/// A wait sleeps on a ``Bell`` that the output or the session's end rings; it costs a task and, for output, a reader of the feed.
/// It ends with its task, and leaves neither behind. Lines are searched on a thread of their own, which can be told to stop at
/// every few of its steps: a pattern that is slow keeps nobody waiting but the one who asked, and nothing reads the terminal
/// later for it.
extension SessionService {
    /// Bytes that are looked at in one go.
    private static let piece = 64 << 10
    /// How long a wait whose time is up may look at what had come before: some megabytes with any sensible pattern.
    private static let lastLook = Duration.seconds(2)
    /// How often a session is looked at that nobody tells of: one whose leader could not be pinned.
    private static let pollInterval = Duration.seconds(1)

    /// Waits until something has happened, at most for the request's timeout.
    /// - Throws: ``HostFailure``; `CancellationError` when the task was cancelled.
    func wait(_ id: String, _ request: WaitRequest) async throws -> WaitDocument {
        let deadline = Deadline.after(.seconds(request.timeout ?? WaitRequest.standardTimeout))
        if request.event == .exit { return try await waitForExit(id, deadline) }
        let feed: TerminalFeed
        do {
            feed = try await output(of: id, "wait for session")
        } catch HostFailure.sessionEnded {
            return try await document(.ended, row(id, "wait for session"))
        }
        if request.event == .idle {
            return try await waitForSilence(feed, .seconds(request.idleSeconds ?? 0), deadline)
        }
        return try await waitForOutput(
            feed, RequestValidation.pattern(request.pattern), from: request.from ?? feed.inputSent, deadline)
    }

    // MARK: The end

    private func waitForExit(_ id: String, _ deadline: Deadline) async throws -> WaitDocument {
        let bell = Bell()
        var watched: LiveSession?
        defer { watched?.stopRinging(bell) }
        while true {
            // Before the row is looked at, so that no end falls in between.
            let live = try await registry.session(row(id, "wait for session").id)
            if watched == nil, let live {
                watched = live
                live.ringAtEnd(bell)
            }
            let row = try await row(id, "wait for session")
            if row.status.isEnded { return await document(.exited, row) }
            if deadline.hasPassed { return await document(.timedOut, row) }
            _ = await bell.wait(until: live == nil ? min(deadline, .after(Self.pollInterval)) : deadline)
            if Task.isCancelled {
                // The session may have ended with the service. The index answers no task that is cancelled.
                let last = try await Task.detached { try await self.row(id, "wait for session") }.value
                guard last.status.isEnded else { throw CancellationError() }
                return await document(.exited, last)
            }
        }
    }

    /// An answer from the row.
    private func document(_ outcome: WaitDocument.Outcome, _ row: SessionRow) async -> WaitDocument {
        var document = WaitDocument(outcome: outcome, seq: await heldOutput(row.id)?.end)
        if row.status.isEnded {
            document.exit = row.exit.map { SessionDocument.Exit($0) }
            document.endReason = row.endReason.flatMap { SessionDocument.EndReason(rawValue: $0.rawValue) }
        }
        return document
    }

    private func heldOutput(_ id: SessionID) async -> TerminalFeed? {
        if let feed = await registry.session(id)?.held?.feed { return feed }
        return await registry.endedOutput(id)
    }

    // MARK: Silence

    private func waitForSilence(
        _ feed: TerminalFeed, _ silence: Duration, _ deadline: Deadline
    ) async throws -> WaitDocument {
        let bell = Bell()
        var reader = feed.follow(from: .max)
        var next = reader.first
        defer { feed.detach(reader.key) }
        var quietAt = Deadline.after(silence)
        while true {
            switch feed.next(reader.key, atMost: Self.piece, orTell: { bell.ring() }) {
            case .bytes(let bytes):
                next += UInt64(bytes.readableBytes)
                quietAt = .after(silence)
            case .message(let message): return Self.ended(message, seq: next)
            case .cut:
                feed.detach(reader.key)
                reader = feed.follow(from: .max)
                next = reader.first
            case .over, nil:
                if quietAt.hasPassed { return WaitDocument(outcome: .idle, seq: next) }
                if deadline.hasPassed { return WaitDocument(outcome: .timedOut, seq: next) }
                // Here, so that an end that came with the service's is seen.
                try Task.checkCancellation()
                _ = await bell.wait(until: min(quietAt, deadline))
                continue
            }
            if deadline.hasPassed { return WaitDocument(outcome: .timedOut, seq: next) }
        }
    }

    // MARK: Output

    private func waitForOutput(
        _ feed: TerminalFeed, _ pattern: LinePattern, from: UInt64?, _ deadline: Deadline
    ) async throws -> WaitDocument {
        let bell = Bell()
        let backlog = feed.end
        let lastLook = max(deadline, .after(Self.lastLook))
        var reader = feed.follow(from: from)
        defer { feed.detach(reader.key) }
        // Nobody else ever asks for the lock: it takes the search to the thread that does it, and back.
        let search = Locked(LineSearch(pattern, from: reader.first))
        var missed = from.map { reader.first > $0 ? reader.first - $0 : 0 } ?? 0
        func document(_ outcome: WaitDocument.Outcome) -> WaitDocument {
            WaitDocument(outcome: outcome, seq: search.withLock { $0.lineStart }, missed: missed)
        }
        while true {
            switch feed.next(reader.key, atMost: Self.piece, orTell: { bell.ring() }) {
            case .bytes(let bytes):
                switch try await look(at: bytes, search, until: lastLook) {
                case .found(let line, let next):
                    return WaitDocument(outcome: .matched, line: line, seq: next, missed: missed)
                case .stopped: return document(.timedOut)
                case .notFound:
                    // What had come before the request is looked at in any case, and all that comes after in its time.
                    if deadline.hasPassed, search.withLock({ $0.next }) >= backlog { return document(.timedOut) }
                }
            case .message(let message):
                return Self.ended(message, seq: search.withLock { $0.lineStart }, missed: missed)
            case .cut:
                feed.detach(reader.key)
                let next = search.withLock { $0.next }
                reader = feed.follow(from: next)
                missed += reader.first - next
                search.withLock { [first = reader.first] in $0.skip(to: first) }
            case .over, nil:
                if deadline.hasPassed { return document(.timedOut) }
                try Task.checkCancellation()
                _ = await bell.wait(until: deadline)
            }
        }
    }

    private func look(
        at bytes: ByteBuffer, _ search: Locked<LineSearch>, until deadline: Deadline
    ) async throws -> LineSearch.Outcome {
        let isCancelled = Locked(false)
        let outcome = await withTaskCancellationHandler {
            await context.executor.run {
                search.withLock { search in
                    search.read(bytes.readableBytesView) { !isCancelled.withLock { $0 } && !deadline.hasPassed }
                }
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
        }
        try Task.checkCancellation()
        return outcome
    }

    private static func ended(_ message: AttachMessage, seq: UInt64, missed: UInt64 = 0) -> WaitDocument {
        WaitDocument(
            outcome: .ended, exit: message.exit, endReason: message.endReason, seq: seq, missed: missed)
    }
}
