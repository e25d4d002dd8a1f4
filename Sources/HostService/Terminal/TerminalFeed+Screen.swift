import CgroupPty
import Dispatch
import HostProtocol
import NIOCore
import TerminalScreen

/// What the terminal shows: asked for by clients that come, by agents that read, and kept now and then for when the output that
/// made it is dropped.
extension TerminalFeed {
    /// What the terminal shows now.
    func screen(historyLines: Int, withCells: Bool) async -> ScreenDocument {
        let (material, epoch) = state.withLock { ($0.material(), Self.name(of: $0.ring)) }
        return await Self.reading.run { [session] in
            let (screen, unfinished) = material.picture()
            let text = screen.text(historyLines: historyLines)
            let cursor = screen.cursor
            return ScreenDocument(
                session: session.rawValue, columns: screen.columns, rows: screen.rows,
                cursor: .init(row: cursor.row, column: cursor.column, visible: cursor.isVisible), title: screen.title,
                workingDirectory: screen.workingDirectory, isAlternateScreen: screen.isAlternateScreen,
                bracketedPaste: screen.modes.isBracketedPaste, bells: screen.bellCount,
                history: Array(text.dropLast(screen.rows)), lines: text.suffix(screen.rows).map { $0 },
                cells: withCells ? screen.cells().map { CellRun.runs(of: $0).map { .init($0) } } : nil, epoch: epoch,
                seq: material.end - UInt64(unfinished), isComplete: material.isComplete)
        }
    }

    /// Whether the program wants pasted text to be marked as such.
    func wantsBracketedPaste() async -> Bool {
        let material = state.withLock { $0.material() }
        return await Self.reading.run { material.screen().modes.isBracketedPaste }
    }

    /// The ring has lost what comes after a picture that is being made.
    private struct Overtaken: Error {}

    /// What draws the terminal for a client that comes at the byte where the material ends.
    /// - Parameters:
    ///   - columns: of its window. In one of another width each row is put into its place: there lines would wrap elsewhere.
    ///   - isKept: Whether the bytes that come after it are kept for the client.
    /// - Returns: also how many of the last bytes of the material it is to get besides, see ``ScreenMaterial/picture()``; nil when the ring
    ///   has lost what comes after it.
    func repaint(
        _ material: ScreenMaterial, columns: Int?, isKept: Bool
    ) async -> (bytes: [UInt8], title: String?, unfinished: Int)? {
        await Self.reading.run { [state] in
            do throws(Overtaken) {
                let (screen, unfinished) = try material.picture { () throws(Overtaken) in
                    if !isKept, state.withLock({ $0.ring.start > material.end }) { throw Overtaken() }
                }
                return (screen.repaint(wraps: columns == screen.columns), screen.title, unfinished)
            } catch {
                return nil
            }
        }
    }

    /// Keeps the screen as it is now, so that the output before can be dropped.
    func keepCheckpoint() {
        let material = state.withLock { $0.material(atMost: Self.checkpointReads) }
        let checkpoint = material.newCheckpoint()
        state.withLock { state in
            state.isCheckpointing = false
            // One that was made meanwhile has more.
            guard checkpoint.sequence >= state.ring.checkpointSequence ?? 0 else { return }
            state.ring.setCheckpoint(checkpoint)
            // Also those that came in the middle of what is not finished: the checkpoint has the last of them.
            state.sizings.removeAll { $0.sequence < material.end }
            state.size = checkpoint.size
        }
    }
}

extension ScreenDocument.Run {
    /// What clients see of a run of cells.
    init(_ run: CellRun) {
        var style: [String] = []
        if run.style.isBold { style.append("bold") }
        if run.style.isFaint { style.append("faint") }
        if run.style.isItalic { style.append("italic") }
        if run.style.underline != .none { style.append("underline") }
        if run.style.isBlinking { style.append("blink") }
        if run.style.isReversed { style.append("reverse") }
        if run.style.isConcealed { style.append("concealed") }
        if run.style.isStruck { style.append("struck") }
        self.init(
            column: run.column, width: run.width, text: run.text, foreground: Self.name(run.style.foreground),
            background: Self.name(run.style.background), style: style.isEmpty ? nil : style)
    }

    private static func name(_ color: CellColor) -> String? {
        switch color {
        case .terminalDefault: nil
        case .indexed(let index): String(index)
        case .rgb(let red, let green, let blue):
            "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}
