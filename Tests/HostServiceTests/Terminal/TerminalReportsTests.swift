import HostProtocol
import Testing

@Suite struct `What a terminal says of itself` {
    @Test(arguments: [
        "\u{1b}[5;1R", "\u{1b}[?5;1R", "\u{1b}[?62;22c", "\u{1b}[>0;276;0c", "\u{1b}[0n", "\u{1b}[?2004;1$y",
        "\u{1b}[I", "\u{1b}[O",
        "\u{1b}[8;24;80t", "\u{1b}[?1u", "\u{1b}[<35;10;5M", "\u{1b}]11;rgb:0000/0000/0000\u{1b}\\",
        "\u{1b}]10;rgb:ffff/ffff/ffff\u{07}",
        "\u{1b}P1$r0m\u{1b}\\", "\u{1b}P>|tmux 3.5\u{1b}\\", "\u{1b}[5;1R\u{1b}[?62c",
    ])
    func `is a report`(_ text: String) {
        #expect(TerminalReports.areAll(Array(text.utf8)))
    }

    @Test(arguments: [
        "", "a", "\u{1b}", "\u{1b}[", "\u{1b}[A", "\u{1b}OA", "\u{1b}OR", "\u{1b}[1;5C", "\u{1b}[R", "\u{1b}[3~",
        "\u{1b}[97;5u",
        "\u{1b}[200~x\u{1b}[201~", "\u{1b}[<0;10;5M", "\u{1b}[<0;10;5m", "\u{1b}[<32;10;5M", "\u{1b}[<64;10;5M",
        "\u{1b}[5;1Ra",
        "a\u{1b}[5;1R", "\u{1b}[5;1", "\u{1b}]11;rgb:0", "\u{1b}a", "\r",
    ])
    func `is not what a person types, nor a part of a report`(_ text: String) {
        #expect(!TerminalReports.areAll(Array(text.utf8)))
    }
}
