import CgroupPty
import Testing

@Suite struct `A process's environment` {
    private static func read(_ text: String) -> ProcessEnvironment { ProcessEnvironment(Array(text.utf8)) }

    @Test func `gives the value of a name`() {
        let environment = Self.read("PATH=/bin\0CORRAL_SESSION=s9x1\0HOME=/root\0")
        #expect(environment["CORRAL_SESSION"] == "s9x1")
        #expect(environment["PATH"] == "/bin")
        #expect(environment["HOME"] == "/root")
    }

    @Test func `gives nothing for a name that is not there, or only as a part`() {
        let environment = Self.read("CORRAL_SESSIONS=x\0XCORRAL_SESSION=y\0CORRAL_SESSION\0OTHER=CORRAL_SESSION=z\0")
        #expect(environment["CORRAL_SESSION"] == nil)
        #expect(environment[""] == nil)
    }

    @Test func `keeps an empty value apart from none, and signs and newlines in a value`() {
        let environment = Self.read("EMPTY=\0EQUALS=a=b=c\0LINES=a\nb\0")
        #expect(environment["EMPTY"] == "")
        #expect(environment["EQUALS"] == "a=b=c")
        #expect(environment["LINES"] == "a\nb")
    }

    @Test func `gives the first of two values, as getenv does`() {
        #expect(Self.read("A=1\0A=2\0")["A"] == "1")
    }

    @Test func `may end without NUL, be empty, or hold bytes that are no text`() {
        #expect(Self.read("A=1")["A"] == "1")
        #expect(Self.read("")["A"] == nil)
        #expect(Self.read("\0\0\0A=1\0\0")["A"] == "1")
        #expect(ProcessEnvironment([0xff, 0xfe, 0, 65, 61, 0xff, 0])["A"] == "\u{FFFD}")
    }
}
