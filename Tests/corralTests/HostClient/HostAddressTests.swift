import ArgumentParser
import HostProtocol
import Testing

@testable import HostClient
@testable import corral

@Suite struct `An address of a host` {
    private static func arguments(_ text: String) throws -> [String]? {
        guard case .ssh(let destination) = try HostAddress(text) else { return nil }
        return destination.arguments(mayAsk: true)
    }

    private static let options = [
        "-T", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3",
    ]

    @Test(arguments: [
        ("ssh://mill", ["--", "mill", "corral", "dial-stdio"]),
        ("mill", ["--", "mill", "corral", "dial-stdio"]),
        ("ada@mill.example.org", ["--", "ada@mill.example.org", "corral", "dial-stdio"]),
        ("ssh://ada@mill:2222", ["-p", "2222", "--", "ada@mill", "corral", "dial-stdio"]),
        ("ssh://ada@[fe80::1%eth0]:22", ["-p", "22", "--", "ada@fe80::1%eth0", "corral", "dial-stdio"]),
        ("ssh://mill/", ["--", "mill", "corral", "dial-stdio"]),
        ("ssh://mill/run/a b/c'd", ["--", "mill", "corral", "dial-stdio", "--socket", #"'/run/a b/c'\''d'"#]),
    ])
    func `is what ssh is started with, the path as one word of the other machine's shell`(
        text: String, words: [String]
    ) throws {
        #expect(try Self.arguments(text) == Self.options + words)
    }

    @Test func `forbids ssh to ask while the terminal is the session's`() throws {
        guard case .ssh(let destination) = try HostAddress("mill") else { return }
        #expect(destination.arguments(mayAsk: false).contains("BatchMode=yes"))
    }

    /// ssh reads an option wherever a machine may stand, and `-oProxyCommand=` runs a command.
    @Test(arguments: [
        "", "-oProxyCommand=x", "ssh://-oProxyCommand=x", "ssh://", "ssh:///path", "a@-b", "a@", "@a", "a@b@c", "a b",
        "a;b", "$(x)",
        "`x`", "a\nb", "ssh://a:0", "ssh://a:65536", "ssh://a:x", "http://a", "tcp://a:1", "/run/sock", "a:22",
        "unix://rel", "ü",
    ])
    func `is refused when it names no machine`(text: String) {
        #expect(throws: HostAddress.Failure.self) { try HostAddress(text) }
    }

    @Test(arguments: ["ssh://mill", "ssh://ada@mill:2222/run/s", "ssh://[::1]:22"])
    func `is told as it was typed`(text: String) throws {
        #expect("\(try HostAddress(text))" == text)
        #expect(try HostAddress(text).isRemote)
    }

    @Test func `comes from the command line, then from CORRAL_HOST, then it is this machine's`() throws {
        func address(_ words: String, _ environment: [String: String]) throws -> HostAddress {
            try HostPlaces.parse(words.split(separator: " ").map(String.init)).address(environment)
        }
        let both = ["CORRAL_HOST": "mill", "CORRAL_SOCKET": "/s"]
        #expect(try address("--host forge", both) == HostAddress("forge"))
        #expect(try address("--socket /t", both) == .socket(path: "/t"))
        #expect(try address("", both) == HostAddress("mill"))
        #expect(try address("", ["CORRAL_HOST": "", "CORRAL_SOCKET": "/s"]) == .socket(path: "/s"))
        #expect(throws: HostAddress.Failure.self) { try address("", ["CORRAL_HOST": "http://x"]) }
        #expect(try HostAddress("unix:///s") == .socket(path: "/s"))
    }

    @Test func `of another machine takes no path of this one, and no dot`() throws {
        let client = HostClient(try HostAddress("mill"))
        #expect(throws: CommandFailure.self) { try client.path("src") }
        #expect(try client.path("/src") == "/src")
        #expect(throws: CommandFailure.self) { try client.workspaceID(".", among: []) }
    }

    @Test func `with a failure of ssh is unreachable, and says what to look at`() throws {
        let report = FailureReport(.unreachable(path: "ssh://mill", why: "ssh: Could not resolve hostname mill"))
        #expect(report.status == .unreachable)
        #expect(report.text.contains("Could not resolve hostname") && report.text.contains("nothing was sent"))
        #expect(!report.text.contains("corral host start"))
    }
}
