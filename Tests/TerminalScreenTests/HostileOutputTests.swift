import Testing

@testable import TerminalScreen

@Suite struct `Hostile output` {
    @Test(arguments: 0..<20) func `of random bytes leaves a screen that can be repainted`(seed: Int) {
        var generator = Generator(state: UInt64(seed) + 77)
        // Bytes that mean something come often.
        let often: [UInt8] = Array("\u{1b}\u{1b}[[;:?>=<0123456789hlmHJKrsu\u{07}\\]P(\n\r".utf8)
        let bytes = (0..<20_000).map { _ in
            Bool.random(using: &generator)
                ? often.randomElement(using: &generator)! : UInt8.random(in: 0...255, using: &generator)
        }
        let screen = Screen(columns: 40, rows: 10)
        screen.feed(bytes)
        screen.skip()
        #expect(ScreenState(screen).differences(from: ScreenState(screen.repainted())) == [])
    }

    @Test func `of huge parameters does nothing strange`() {
        let screen = Screen("abc")
        for final in "@ABCDEFGHIJKLMPSTXZ`abdefgjkmqrstuhl" {
            screen.feed("\u{1b}[4294967295;2147483648;99999999999\(final)\u{1b}[?99999999999\(final)\u{1b}[-1\(final)")
            screen.feed("\u{1b}[65535;65535\(final)\u{1b}[0;0\(final)")
        }
        #expect(screen.cursor.row < screen.rows)
        #expect(screen.cursor.column < screen.columns)
        #expect(ScreenState(screen).differences(from: ScreenState(screen.repainted())) == [])
    }

    @Test func `without an end is not kept`() {
        let screen = Screen("\u{1b}]2;")
        for _ in 0..<100 { screen.feed([UInt8](repeating: 0x61, count: 100_000)) }
        screen.feed("\u{07}")
        #expect(screen.title?.utf8.count == Screen.titleBytesKept)
        for _ in 0..<50 { screen.feed("\u{1b}[22;2t") }
        #expect(screen.titlesAside.count == Screen.titlesPutAside)
    }
}
