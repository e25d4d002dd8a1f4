import CgroupPty
import TerminalScreen

/// All that is needed to know what a session's terminal shows at one byte, taken out of the feed in one moment and read at leisure.
///
/// A screen is not kept: it is made when somebody asks, from the last checkpoint (a screen as bytes that draw it) and the output
/// since. So the way of the bytes costs nothing for it, and an idle session no memory. Reading takes time, and happens on a thread
/// of its own, never under the feed's lock.
struct ScreenMaterial: Sendable {
    /// The size that the terminal got when a byte came.
    struct Sizing: Sendable, Equatable {
        var sequence: UInt64
        var size: WindowSize
    }

    /// The size at the beginning, without a checkpoint.
    var size: WindowSize
    var checkpoint: OutputRing.Checkpoint?
    /// Sequence number of the first of ``bytes``.
    var from: UInt64
    var bytes: [UInt8]
    /// Later sizes, in order.
    var sizings: [Sizing]

    /// Sequence number of the first byte that is not in it.
    var end: UInt64 { from + UInt64(bytes.count) }

    /// Bytes at the end that belong together, at most. A longer string is an image, or has lost its end.
    static let unfinishedLimit = 256 << 10

    /// Whether nothing is missing between the checkpoint, or the beginning, and the bytes, nor in the checkpoint.
    var isComplete: Bool {
        from <= checkpoint?.sequence ?? 0 && checkpoint.map(Self.hasText) ?? true
    }

    /// Whether a checkpoint has the text of the screen. Of one that has not, the output before it is read as well, as far as it is there.
    static func hasText(_ checkpoint: OutputRing.Checkpoint) -> Bool { !checkpoint.bytes.starts(with: withoutText) }

    /// What a checkpoint begins with that has the modes and not the text: a string that no terminal knows, and each passes over.
    private static let withoutText = Array("\u{1b}_corral;modes\u{1b}\\".utf8)

    /// Bytes that are read at a time.
    private static let piece = 64 << 10

    /// Reads it. Takes some ten milliseconds a megabyte.
    func screen() -> Screen { screen {} }

    /// What a terminal answers to the queries that end at a byte or after it.
    func answers(from first: UInt64) -> [UInt8] { screen(answeringFrom: first) {}.takeAnswers() }

    /// Reads it, and looks now and then whether to go on.
    private func screen<Failure: Error>(
        answeringFrom queries: UInt64 = .max, between look: () throws(Failure) -> Void
    ) throws(Failure) -> Screen {
        let first = checkpoint?.size ?? size
        let screen = Screen(columns: Int(first.columns), rows: Int(first.rows))
        if let checkpoint { screen.feed(checkpoint.bytes) }
        if !isComplete { screen.skip() }
        var next = from
        for sizing in sizings {
            let last = min(max(sizing.sequence, next), end)
            next = try feed(screen, from: next, to: last, answeringFrom: queries, between: look)
            screen.resize(columns: Int(sizing.size.columns), rows: Int(sizing.size.rows))
        }
        _ = try feed(screen, from: next, to: end, answeringFrom: queries, between: look)
        return screen
    }

    private func feed<Failure: Error>(
        _ screen: Screen, from first: UInt64, to last: UInt64, answeringFrom queries: UInt64,
        between look: () throws(Failure) -> Void
    ) throws(Failure) -> UInt64 {
        var next = first
        while next < last {
            try look()
            screen.answersQueries = next >= queries
            let until = min(last, next + UInt64(Self.piece), next < queries ? queries : .max)
            bytes[Int(next - from)..<Int(until - from)].withUnsafeBytes { screen.feed($0) }
            next = until
        }
        return last
    }

    /// The screen as a picture can hold it: before what is not finished at the end.
    /// - Returns: and how many of the last bytes are to be read again after it.
    func picture() -> (screen: Screen, unfinished: Int) { picture {} }

    /// As ``picture()``, and looks now and then whether to go on.
    func picture<Failure: Error>(
        between look: () throws(Failure) -> Void
    ) throws(Failure) -> (screen: Screen, unfinished: Int) {
        let screen = try screen(between: look)
        let count = screen.unfinishedCount
        guard count > 0, count <= min(bytes.count, Self.unfinishedLimit) else { return (screen, 0) }
        guard screen.isPartlyShown else { return (screen, count) }
        var before = self
        before.bytes.removeLast(count)
        return (try before.screen(between: look), count)
    }

    /// The picture as a checkpoint, with as much of the history as has room (I8). When not even the screen has, its modes, title and
    /// directory, which a program sets once; its text is then what the ring still holds.
    func newCheckpoint() -> OutputRing.Checkpoint {
        let (screen, unfinished) = picture()
        let last = sizings.last?.size ?? checkpoint?.size ?? size
        var historyLines = min(Screen.standardHistoryLimit, screen.historyCount)
        var drawn = screen.repaint(historyLines: historyLines)
        while drawn.count > OutputRing.checkpointCapacity {
            if historyLines == 0 {
                drawn =
                    Self.withoutText
                    + screen.repaintModes(atMost: OutputRing.checkpointCapacity - Self.withoutText.count)
                break
            }
            historyLines /= 2
            drawn = screen.repaint(historyLines: historyLines)
        }
        return OutputRing.Checkpoint(sequence: end - UInt64(unfinished), size: last, bytes: drawn)
    }
}
