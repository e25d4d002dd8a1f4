/// Looks for a pattern in a terminal's output, as it comes.
///
/// Each line is looked at when it ends, before something of it is replaced, and, unfinished as it is, when no more has come for
/// now: a prompt has no newline. Not for two threads at a time.
public final class LineSearch {
    /// Characters of a line that are looked at (I8). Lines of terminals are shorter; what is longer is a file that was printed.
    public static let lineLimit = 64 << 10

    /// What a piece of output came to.
    public enum Outcome: Sendable, Equatable {
        /// Found, in this line, and the number of the first byte after what was looked at.
        case found(line: String, next: UInt64)
        case notFound
        /// It was told to stop before it had looked at everything.
        case stopped
    }

    private var text = PlainText(limit: lineLimit)
    private let matcher: LineMatcher
    /// Number of the next byte.
    public private(set) var next: UInt64
    /// Number of the unfinished line's first byte: whoever begins there misses nothing.
    public private(set) var lineStart: UInt64

    /// Begins at a byte.
    public init(_ pattern: LinePattern, from: UInt64) {
        matcher = LineMatcher(pattern)
        next = from
        lineStart = from
    }

    /// Goes on at a later byte, with what lay between unseen.
    public func skip(to place: UInt64) {
        text = PlainText(limit: Self.lineLimit)
        matcher.restart()
        next = place
        lineStart = place
    }

    /// Takes output in.
    /// - Parameter mayGoOn: asked every now and then.
    public func read(_ bytes: some Sequence<UInt8>, mayGoOn: () -> Bool) -> Outcome {
        var outcome = Outcome.notFound
        func look(_ line: PlainText.Line) {
            guard outcome == .notFound else { return }
            switch matcher.look(at: line, mayGoOn: mayGoOn) {
            case true?: outcome = .found(line: PlainText.string(line.scalars), next: next)
            case nil: outcome = .stopped
            case false?: break
            }
        }
        for byte in bytes {
            let isEnd = text.read(byte, look)
            if outcome != .notFound { return outcome }
            next += 1
            guard isEnd else { continue }
            text.endLine(look)
            matcher.restart()
            if outcome != .notFound { return outcome }
            lineStart = next
        }
        text.look(look)
        return outcome
    }
}
