import Testing

@testable import TerminalScreen

@Suite struct `A repaint of any screen` {
    @Test(arguments: 0..<120)
    func `makes a fresh screen equal, and is itself again when that one is repainted`(seed: Int) {
        let (columns, rows) = [(20, 5), (7, 3), (80, 24), (2, 2), (1, 1), (120, 32)][seed % 6]
        var output = RandomOutput(generator: Generator(state: UInt64(seed)), columns: columns, rows: rows)
        let screen = Screen(columns: columns, rows: rows)
        for round in 0..<6 {
            screen.feed(output.pieces(25))
            let repaint = screen.repaint(historyLines: .max)
            let copy = screen.repainted()
            let differences = ScreenState(screen).differences(from: ScreenState(copy))
            #expect(differences.isEmpty, "seed \(seed), round \(round)")
            #expect(copy.repaint(historyLines: .max) == repaint, "seed \(seed), round \(round)")
            if !differences.isEmpty { return }
            // What lies under the alternate screen.
            copy.feed("\u{1b}[?1049l")
            let original = screen.repainted(historyLines: 0)
            original.feed("\u{1b}[?1049l")
            let below = ScreenState(original, history: false).differences(from: ScreenState(copy, history: false))
            #expect(below.isEmpty, "seed \(seed), round \(round), main screen")
        }
    }

    @Test(arguments: 0..<50)
    func `makes a used screen equal`(seed: Int) {
        var output = RandomOutput(generator: Generator(state: UInt64(seed)), columns: 30, rows: 8)
        let used = Screen(output.pieces(300), columns: 30, rows: 8)
        let screen = Screen(output.pieces(300), columns: 30, rows: 8)
        // Title and directory are only ever set.
        used.feed("\u{1b}]2;\(screen.title ?? "")\u{07}\u{1b}]7;\u{07}")
        screen.feed("\u{1b}]2;\(screen.title ?? "")\u{07}")
        used.feed(screen.repaint())
        #expect(ScreenState(screen, history: false).differences(from: ScreenState(used, history: false)) == [])
    }

    @Test(arguments: 0..<50)
    func `does not depend on where the output was cut`(seed: Int) {
        var output = RandomOutput(generator: Generator(state: UInt64(seed) + 1000), columns: 30, rows: 8)
        let bytes = Array(output.pieces(300).utf8)
        let whole = Screen(columns: 30, rows: 8)
        whole.feed(bytes)
        let cut = Screen(columns: 30, rows: 8)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...5, using: &output.generator)
            cut.feed(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        #expect(ScreenState(whole).differences(from: ScreenState(cut)) == [])
    }

    @Test(arguments: 0..<50)
    func `is right after changes of size`(seed: Int) {
        var output = RandomOutput(generator: Generator(state: UInt64(seed) + 2000), columns: 30, rows: 8)
        let screen = Screen(columns: 30, rows: 8)
        for _ in 0..<10 {
            screen.feed(output.pieces(40))
            screen.resize(
                columns: Int.random(in: 1...40, using: &output.generator),
                rows: Int.random(in: 1...12, using: &output.generator))
            let copy = screen.repainted(historyLines: 0)
            #expect(ScreenState(screen, history: false).differences(from: ScreenState(copy, history: false)) == [])
            #expect(copy.repaint() == screen.repaint(), "seed \(seed)")
        }
    }

    // Symptom: whoever attached to a busy session saw the ends of sequences as text. Cause: a picture of the screen holds nothing of what
    // the terminal is in the middle of.
    @Test(arguments: 0..<50)
    func `is continued by the bytes of what is unfinished, wherever the output is cut`(seed: Int) {
        var output = RandomOutput(generator: Generator(state: UInt64(seed) + 3000), columns: 30, rows: 8)
        let bytes = Array(output.pieces(120).utf8)
        let screen = Screen(columns: 30, rows: 8)
        var finished = 0
        for (index, byte) in bytes.enumerated() {
            screen.feed([byte])
            if screen.unfinishedCount == 0 { finished = index + 1 }
            // Each byte since then, and no other.
            #expect(screen.unfinishedCount == index + 1 - finished, "seed \(seed), byte \(index)")
            guard screen.unfinishedCount > 0, Int.random(in: 0..<4, using: &output.generator) == 0 else { continue }
            let copy = screen.repainted()
            let original = Screen(columns: 30, rows: 8)
            original.feed(Array(bytes[...index]))
            copy.feed(Array(bytes[finished...index]))
            var next = index + 1
            while original.unfinishedCount > 0, next < bytes.count {
                original.feed([bytes[next]])
                copy.feed([bytes[next]])
                next += 1
            }
            // REP repeats a character that no picture can tell.
            if bytes[finished] == 0x1b, bytes[next - 1] == UInt8(ascii: "b") { continue }
            let differences = ScreenState(original).differences(from: ScreenState(copy))
            #expect(differences.isEmpty, "seed \(seed), cut after \(index), \(bytes[finished..<next])")
        }
    }
}
