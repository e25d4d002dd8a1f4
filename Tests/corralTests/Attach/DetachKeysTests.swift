import Testing

@testable import corral

@Suite struct `Detach keys` {
    @Test(
        arguments: [
            ("ctrl-p,ctrl-q", [0x10, 0x11], "Ctrl-p Ctrl-q"), ("ctrl-\\,d", [0x1c, 0x64], "Ctrl-\\ d"),
            ("CTRL-P", [0x10], "Ctrl-p"), ("^]", [0x1d], "Ctrl-]"), ("c-a,D", [0x01, 0x44], "Ctrl-a D"),
            ("ctrl-@", [0x00], "Ctrl-@"), ("esc,space,comma", [0x1b, 0x20, 0x2c], "Esc Space Comma"),
            ("~,.", [0x7e, 0x2e], "~ ."),
            ("tab,enter,backspace", [0x09, 0x0d, 0x7f], "Tab Enter Backspace"), ("^", [0x5e], "^"), ("none", [], ""),
        ] as [(String, [UInt8], String)])
    func `are read as they are typed, and told as people write them`(
        _ argument: String, _ keys: [UInt8], _ description: String
    ) throws {
        let parsed = try #require(DetachKeys(argument: argument))
        #expect(parsed.keys == keys)
        #expect(parsed.description == description)
    }

    @Test(arguments: ["", ",", "a,", "ctrl-", "ctrl-1", "ctrl-pq", "ab", "ü", " ", "a,b,c,d,e,f,g,h,i"])
    func `are refused when they name no keys`(_ argument: String) {
        #expect(DetachKeys(argument: argument) == nil)
    }

    @Test func `are Ctrl-backslash and d when nothing is chosen`() {
        #expect(DetachKeys.standard.description == "Ctrl-\\ d")
    }
}

@Suite struct `The detach keys' matcher` {
    private func read(_ reads: [[UInt8]], keys: DetachKeys = .standard) -> (input: [UInt8], isDetached: Bool) {
        var matcher = DetachKeyMatcher(keys)
        var input: [UInt8] = []
        for bytes in reads {
            let result = matcher.read(bytes)
            input += result.input
            if result.isDetached { return (input, true) }
        }
        return (input, false)
    }

    @Test func `finds the keys however the reads split them`() {
        let whole = Array("ls\r".utf8) + [0x1c, 0x64]
        for split in 0...whole.count {
            let (input, isDetached) = read([Array(whole[..<split]), Array(whole[split...])])
            #expect(isDetached, "split at \(split)")
            #expect(input == Array("ls\r".utf8))
        }
    }

    // Symptom: a paste that held the keys' bytes detached, and its rest went to the shell. Cause: what the terminal marks as pasted was taken for
    // typed.
    @Test func `finds none within a paste`() {
        let paste = Array("\u{1b}[200~A\u{1c}dB\u{1b}[201~".utf8)
        for split in 0...paste.count {
            let (input, isDetached) = read([Array(paste[..<split]), Array(paste[split...])])
            #expect(!isDetached, "split at \(split)")
            #expect(input == paste)
            #expect(read([Array(paste[..<split]), Array(paste[split...]), [0x1c, 0x64]]).isDetached)
        }
        #expect(read([[0x1c], paste, [0x64]]) == ([0x1c] + paste + [0x64], false))
    }

    @Test func `lets through what only began like the keys`() {
        #expect(read([[0x1c], [0x61]]) == ([0x1c, 0x61], false))
        #expect(read([[0x1c, 0x61, 0x1c], [0x1c, 0x61]]) == ([0x1c, 0x61, 0x1c, 0x61], false))
    }

    // Symptom: who pressed Ctrl-\ twice to end a program detached with the first d that was typed afterwards, and the rest of the word went to
    // the outer shell. Cause: the second one was held back for a d.
    @Test func `types the first key once when it comes twice, and holds nothing back after it`() {
        #expect(read([[0x1c], [0x1c], [0x64, 0x61]]) == ([0x1c, 0x64, 0x61], false))
        #expect(read([[0x1c, 0x1c, 0x1c, 0x64]]) == ([0x1c], true))
    }

    @Test func `finds the keys after a false beginning`() {
        #expect(read([[0x1c, 0x61, 0x1c, 0x64]]) == ([0x1c, 0x61], true))
        let keys = DetachKeys(keys: [1, 1, 2])
        #expect(read([[1, 1], [1, 2]], keys: keys) == ([1], true))
    }

    @Test func `lets everything through in order, bytes of any value`() {
        let bytes = (0...255).map { UInt8($0) }.filter { $0 != 0x1c }
        #expect(read(bytes.map { [$0] }) == (bytes, false))
    }

    @Test func `never detaches without keys`() {
        #expect(read([[0x1c, 0x64]], keys: DetachKeys(keys: [])) == ([0x1c, 0x64], false))
    }

    @Test(arguments: ["\u{1b}[92;5u", "\u{1b}[92;5:1u", "\u{1b}[92;69u", "\u{1b}[27;5;92~"])
    func `finds keys that the terminal sends as escape sequences`(_ sequence: String) {
        #expect(read([Array(sequence.utf8), [0x64]]) == ([], true))
        #expect(read([Array((sequence + "d").utf8)]) == ([], true))
        #expect(read([Array((sequence + "\u{1b}[100u").utf8)]) == ([], true))
        #expect(read([Array((sequence + "x").utf8)]) == (Array((sequence + "x").utf8), false))
    }

    // Symptom: the keys did not detach from a program that wants to know when a key is let go. Cause: that is a sequence between the two.
    @Test func `finds keys whose release the terminal tells, and lets releases through in order`() {
        let (press, release) = ("\u{1b}[92;5u", "\u{1b}[92;5:3u")
        #expect(read([Array(press.utf8), Array(release.utf8), Array("\u{1b}[100u".utf8)]) == ([], true))
        #expect(read([Array((press + release + "d").utf8)]) == ([], true))
        #expect(read([[0x1c], Array((release + "d").utf8)]) == ([], true))
        let other = press + release + "x" + "\u{1b}[120;1:3u"
        #expect(read([Array(other.utf8)]) == (Array(other.utf8), false))
        #expect(read([Array(release.utf8)]) == (Array(release.utf8), false))
        #expect(read([Array((press + release + press + "d").utf8)]) == (Array((press + "d").utf8), false))
    }

    @Test(arguments: ["\u{1b}", "\u{1b}[", "\u{1b}[A", "\u{1b}[1;5C", "\u{1b}[<0;1;1M", "\u{1b}[200~x\u{1b}[201~"])
    func `holds back no other sequence, and no Escape`(_ sequence: String) {
        #expect(read([Array(sequence.utf8)]) == (Array(sequence.utf8), false))
    }

    // Symptom: after ESC[200~ without an end, typed by hand or cut off, the keys never detached again. Cause: the paste had no other end.
    @Test func `finds the keys after a paste whose end does not come`() {
        var matcher = DetachKeyMatcher(.standard)
        #expect(matcher.read(Array("\u{1b}[200~pasted".utf8)).input == Array("\u{1b}[200~pasted".utf8))
        #expect(!matcher.read([0x1c, 0x64], after: .milliseconds(200)).isDetached)
        #expect(matcher.read([0x1c, 0x64], after: DetachKeyMatcher.pause).isDetached)
    }
}
