import Testing

@testable import TerminalScreen

@Suite struct `A control parser` {
    /// Writes down what it is told.
    private final class Notes: ControlReceiver {
        var lines: [String] = []

        func receive(text: UnsafeBufferPointer<UInt8>) {
            let text = String(decoding: text, as: UTF8.self)
            // Where text is cut into pieces says nothing.
            if lines.last?.hasPrefix("text ") == true {
                lines[lines.count - 1] += text
            } else {
                lines.append("text \(text)")
            }
        }

        func receive(mark: Unicode.Scalar) { lines.append("mark \(mark.value)") }
        func receive(control: UInt8) { lines.append("control \(control)") }
        func receive(escape final: UInt8, intermediate: UInt8) {
            lines.append("escape \(intermediate) \(Character(Unicode.Scalar(final)))")
        }
        func receive(sequence: ControlSequence) {
            let parameters = (0..<sequence.count).map { index in
                (sequence.isJoined(index) ? ":" : ";") + "\(sequence.parameter(index, or: -1))"
            }
            let marker = sequence.marker == 0 ? "" : String(Unicode.Scalar(sequence.marker))
            let intermediate = sequence.intermediate == 0 ? "" : "\(sequence.intermediate) "
            lines.append(
                "CSI \(marker)\(parameters.joined()) \(intermediate)\(Character(Unicode.Scalar(sequence.final)))")
        }
        func receive(command: [UInt8]) {
            lines.append("OSC \(command.count) \(String(decoding: command.prefix(20), as: UTF8.self))")
        }
    }

    private static func notes(_ bytes: [UInt8], piece: Int = .max) -> [String] {
        let notes = Notes()
        _ = read(bytes, piece: piece, for: notes)
        return notes.lines
    }

    private static func read(_ bytes: [UInt8], piece: Int, for notes: Notes) -> ControlParser {
        var parser = ControlParser()
        var rest = bytes[...]
        while !rest.isEmpty {
            Array(rest.prefix(piece)).withUnsafeBufferPointer { parser.read($0, for: notes) }
            rest = rest.dropFirst(piece)
        }
        return parser
    }

    @Test(arguments: [
        ("ab\r\ncd", ["text ab", "control 13", "control 10", "text cd"]),
        ("\u{1b}[m\u{1b}[1;;38:2::1m", ["CSI  m", "CSI ;1;-1;38:2:-1:1 m"]),
        ("\u{1b}[?25h\u{1b}[>4;2m\u{1b}[2 q\u{1b}[!p", ["CSI ?;25 h", "CSI >;4;2 m", "CSI ;2 32 q", "CSI  33 p"]),
        ("\u{1b}[1\n2A", ["control 10", "CSI ;12 A"]),
        ("\u{1b}[1?2Ax", ["text x"]), ("\u{1b}[1 2Ax", ["text x"]),
        ("\u{1b}[12\u{18}Ax", ["text Ax"]), ("\u{1b}[12\u{1b}[3A", ["CSI ;3 A"]),
        ("\u{1b}(0\u{1b}7\u{1b}#8", ["escape 40 0", "escape 0 7", "escape 35 8"]),
        ("\u{1b}]2;a\u{07}b\u{1b}]0;c\u{1b}\\", ["OSC 3 2;a", "text b", "OSC 3 0;c"]),
        ("\u{1b}]2;a\u{1b}[1mb", ["CSI ;1 m", "text b"]), ("\u{1b}]2;a\u{18}b", ["text b"]),
        ("\u{1b}Pq\u{07}#1\u{1b}\\x\u{1b}_Gi=1;AAAA\u{1b}\\y", ["text xy"]),
        ("a\u{0}\u{7f}b", ["text ab"]), ("a\u{85}\u{9b}1mb", ["text a1mb"]),
        ("e\u{301}日\u{fe0f}x", ["text e", "mark 769", "text 日", "mark 65039", "text x"]),
    ])
    func `finds text and sequences, wherever they are cut`(text: String, expected: [String]) {
        for piece in [1, 2, 3, 1000] {
            #expect(Self.notes(Array(text.utf8), piece: piece) == expected, "in pieces of \(piece)")
        }
    }

    @Test(
        arguments: [
            ([0x61, 0xff, 0x62], "a\u{fffd}b"), ([0x9b, 0x31, 0x6d], "\u{fffd}1m"), ([0xc3], nil),
            ([0xc3, 0x28], "\u{fffd}("),
            ([0xe6, 0x97, 0x61], "\u{fffd}a"), ([0xed, 0xa0, 0x80], "\u{fffd}\u{fffd}\u{fffd}"),
            ([0xf4, 0x90, 0x80, 0x80], "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"), ([0xc0, 0xaf], "\u{fffd}\u{fffd}"),
            ([0xf0, 0x9f, 0x99, 0x82], "🙂"), ([0xe6, 0x97, 0xe6, 0x97, 0xa5], "\u{fffd}日"),
        ] as [([UInt8], String?)])
    func `replaces what is not UTF-8, as Unicode advises`(bytes: [UInt8], expected: String?) {
        for piece in [1, 2, 1000] {
            #expect(Self.notes(bytes, piece: piece) == (expected.map { ["text \($0)"] } ?? []), "in pieces of \(piece)")
        }
    }

    @Test(arguments: [
        ("a", 0, false), ("a\u{1b}", 1, false), ("\u{1b}[1\u{1b}", 1, false), ("\u{1b}[1\u{1b}[2", 3, false),
        ("\u{1b}]2;x\u{1b}", 6, false), ("\u{1b}]2;x\u{1b}[", 2, false), ("\u{1b}Pq\u{1b}]", 2, false),
        ("\u{1b}[1\u{18}", 0, false), ("\u{1b}]x\u{1a}", 0, false), ("\u{1b}[1\n", 4, true),
        ("\u{1b}[1\n\u{1b}[", 2, false), ("\u{1b}[1\nm", 0, false), ("\u{1b}[1é", 0, false),
        ("\u{1b}]2;x\u{1b}é", 0, false),
    ])
    func `knows how many bytes are of something unfinished`(text: String, count: Int, isPartlyTold: Bool) {
        for piece in [1, 2, 1000] {
            let parser = Self.read(Array(text.utf8), piece: piece, for: Notes())
            #expect(parser.unfinishedCount == count, "in pieces of \(piece)")
            #expect(parser.isPartlyTold == isPartlyTold, "in pieces of \(piece)")
        }
    }

    // Symptom: a character that came after a title without an end was shown as U+FFFD. Cause: its first byte, which ended the title, was dropped.
    @Test func `loses no byte that ends a string in the middle`() {
        #expect(Self.notes(Array("\u{1b}]2;x\u{1b}é".utf8)) == ["text é"])
        #expect(Self.notes(Array("\u{1b}Px\u{1b}日".utf8), piece: 1) == ["text 日"])
    }

    @Test func `bounds parameters`() {
        #expect(Self.notes(Array("\u{1b}[99999999999999999999999A".utf8)) == ["CSI ;65535 A"])
        let many = Self.notes(Array("\u{1b}[\(String(repeating: "1;", count: 100_000))2A".utf8))
        #expect(many == ["CSI " + String(repeating: ";1", count: 32) + " A"])
    }

    @Test func `bounds commands and keeps their end in sight`() {
        let command = "\u{1b}]2;" + String(repeating: "x", count: 100_000) + "\u{07}y"
        #expect(
            Self.notes(Array(command.utf8)) == ["OSC \(ControlParser.commandBytesKept) 2;xxxxxxxxxxxxxxxxxx", "text y"])
        var parser = ControlParser()
        let notes = Notes()
        Array("\u{1b}]2;".utf8).withUnsafeBufferPointer { parser.read($0, for: notes) }
        #expect(parser.unfinishedCount > 0)
        let endless = [UInt8](repeating: 0x78, count: 1 << 20)
        for _ in 0..<8 { endless.withUnsafeBufferPointer { parser.read($0, for: notes) } }
        #expect(notes.lines.isEmpty)
        parser.skip()
        #expect(parser.unfinishedCount == 0)
    }
}
