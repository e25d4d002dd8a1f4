import CgroupPty
import Foundation
import Testing

@Suite struct `A process's stat line` {
    /// A line as Linux 6.18 writes it, with another command's name.
    private static func line(_ command: String, pid: String = "4711", state: String = "S") -> [UInt8] {
        Array(
            """
            \(pid) (\(command)) \(state) 4242 4711 4710 34817 4711 4194560 1033 0 0 0 1 2 0 0 20 0 1 0 987654 8646656 901 \
            18446744073709551615 94180 94190 140720 0 0 0 65536 3686404 1266761467 1 0 0 17 1 0 0 0 0 0 94200 94204 95000 \
            140725 140730 140730 140735 0\n
            """.utf8)
    }

    @Test func `gives number, name, state, parent, session, terminal and start`() throws {
        let stat = try #require(ProcessStat(Self.line("bash")))
        #expect(stat.pid == ProcessID(4711))
        #expect(stat.command == "bash")
        #expect(stat.state == "S")
        #expect(stat.parent == 4242)
        #expect(stat.session == 4710)
        #expect(stat.terminalDevice == 34817)
        #expect(stat.startTicks == 987_654)
        #expect(stat.identity == ProcessIdentity(pid: ProcessID(4711), startTicks: 987_654))
        #expect(!stat.isKernelThread)
    }

    @Test(arguments: [
        "", " ", "a b", "x) R 1 (", ") R 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 1 (", "a\nb", "\n", "(sd-pam)",
        "((((", "))))",
        "Web Content", "kworker/u8:2-ev", "äöüßäöü", "\t", "4711 (x) S", "-", "()",
    ])
    func `is read past whatever a process calls itself`(command: String) throws {
        let stat = try #require(ProcessStat(Self.line(command)))
        #expect(stat.command == command)
        #expect(stat.state == "S")
        #expect(stat.startTicks == 987_654)
    }

    @Test func `is read past a name that was cut within a character`() throws {
        // The kernel keeps 15 bytes, whatever they are the middle of.
        let bytes = Self.line("?").flatMap { $0 == UInt8(ascii: "?") ? Array("äöüßäöüä".utf8.prefix(15)) : [$0] }
        let stat = try #require(ProcessStat(bytes))
        #expect(stat.command == "äöüßäöü\u{FFFD}")
        #expect(stat.startTicks == 987_654)
    }

    @Test func `reads each state letter`() {
        for state in "RSDTtZXI" { #expect(ProcessStat(Self.line("x", state: String(state)))?.state == state) }
    }

    @Test func `knows a thread of the kernel`() throws {
        let text = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 3 0 0 18446744073709551615 0 0\n"
        let stat = try #require(ProcessStat(Array(text.utf8)))
        #expect(stat.isKernelThread)
        #expect(stat.terminalDevice == 0)
        #expect(stat.parent == 0)
    }

    @Test func `gives a terminal's number without its sign`() throws {
        // Printed as a signed 32-bit number: minor numbers from 2^19 on set the sign.
        let text = "9 (x) S 1 9 9 -2147448832 9 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n"
        #expect(try #require(ProcessStat(Array(text.utf8))).terminalDevice == 0x8000_8800)
    }

    @Test func `is not read when it was cut off anywhere before the start time's end (I3)`() throws {
        let whole = Self.line("bash")
        let text = String(decoding: whole, as: UTF8.self)
        let start = try #require(text.range(of: " 987654 ")?.upperBound)
        let length = text.utf8.distance(from: text.startIndex, to: start)
        for count in 0..<length { #expect(ProcessStat(Array(whole[..<count])) == nil, "cut at \(count)") }
        #expect(ProcessStat(whole) != nil)
    }

    @Test(arguments: [
        "", "\n", "()", "x", "4711", "4711 (bash", "4711 bash) S 1 1 1", "(bash) S 1 1 1 0 -1 0", ")(", "4711 )bash( S",
        "0 (x) S 1 9 9 0 9 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n", "-5 (x) S 1 9 9 0 9 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n",
        "9(x) S 1 9 9 0 9 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n", "99(x) S 1 9 9 0 9 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n",
        "9 (x) SS 1 9 9 0 9 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n", "9 (x) S y 9 9 0 9 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n",
        "9 (x) S 1 9 9 0 9 0 0 0 0 0 0 0 0 0 20 0 1 0 -5 0 0\n",
        "9 (x) S 1 9 9 0 9 0 0 0 0 0 0 0 0 0 20 0 1 0 5x 0 0\n",
    ])
    func `is not read from garbage (I3)`(text: String) {
        #expect(ProcessStat(Array(text.utf8)) == nil)
    }

    @Test func `survives any bytes`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("()() 0123456789-SRZ\n\u{0}\u{ff}".utf8)
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0..<80, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator)!
            }
            _ = ProcessStat(bytes)
        }
    }
}
