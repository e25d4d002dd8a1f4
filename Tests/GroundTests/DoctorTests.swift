import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `The doctor` {
    private static func run(
        _ arguments: String, _ environment: [String: String] = [:], unset: [String] = []
    ) throws -> (document: DoctorDocument, status: Int32) {
        let variables =
            unset.map { "-u \($0)" } + environment.map { "\($0.key)='\($0.value)'" }
        let text = try Shell.run(
            "set +e; env \(variables.joined(separator: " ")) '\(Fixture.program)' doctor --json \(arguments); echo \"status $?\""
        )
        let lines = text.split(separator: "\n")
        let document = try WireCoding.decode(DoctorDocument.self, from: String(lines.first ?? ""))
        return (document, Int32(lines.last?.dropFirst("status ".count) ?? "") ?? -1)
    }

    private static func verdict(_ document: DoctorDocument, _ name: String) -> DoctorDocument.Verdict? {
        document.checks.first { $0.name == name }?.verdict
    }

    @Test func `finds a host that runs on ground that holds, and says where it looked`() async throws {
        try await Fixture.run { fixture in
            let (document, status) = try Self.run("--socket '\(fixture.host.place.socket)'")
            #expect(status == 0)
            for name in ["kernel", "systemd", "cgroup", "cgroup-kill", "environment", "host", "reaper", "orphans"] {
                #expect(Self.verdict(document, name) == .ok, "\(name): \(document)")
            }
            // It was started by the test and not as a service.
            #expect(Self.verdict(document, "survival") == .warning)
            #expect(Self.verdict(document, "linger") == (Ground.isSystem ? nil : .ok))
            #expect(document.checks.allSatisfy { !$0.source.isEmpty && ($0.verdict == .ok) == ($0.mend == nil) })
            let text = try Shell.run("'\(Fixture.program)' doctor --socket '\(fixture.host.place.socket)'")
            #expect(text.contains("ok      cgroup "))
            #expect(text.contains("0 failures"))
        }
    }

    @Test func `says what nobody runs for, and what is in the way, with status 1`() throws {
        let directory = try TemporaryDirectory()
        let state = directory.path + "/state"
        // A host whose index anybody could change.
        try Shell.run("mkdir -p '\(state)/corral'; chmod 777 '\(state)/corral'")
        let machine = try String(contentsOfFile: "/etc/machine-id", encoding: .utf8).trimmingCharacters(in: .newlines)
        try Shell.run("mkdir -m 777 '\(state)/corral/\(machine)'; chmod 777 '\(state)/corral/\(machine)'")
        let (document, status) = try Self.run(
            "--socket '\(directory.path)/none.sock'", Ground.isSystem ? [:] : ["XDG_STATE_HOME": state])
        #expect(Self.verdict(document, "host") == .warning)
        if !Ground.isSystem {
            #expect(Self.verdict(document, "state") == .failure)
            #expect(status == 1)
        }
    }

    @Test(
        arguments: [
            (["XDG_RUNTIME_DIR"], [:], "runtime-directory", .failure), (["HOME"], [:], "home", .warning),
            ([], ["XDG_RUNTIME_DIR": "/run/user/0"], "runtime-directory", .failure),
            ([], ["XDG_RUNTIME_DIR": ""], "runtime-directory", .failure), ([], ["HOME": "here"], "home", .warning),
            ([], ["HOME": "/root"], "home", .warning), ([], ["XDG_CONFIG_HOME": "/nowhere"], "variables", .warning),
        ] as [([String], [String: String], String, DoctorDocument.Verdict)])
    func `examines all the rest where the environment is wrong`(
        unset: [String], environment: [String: String], name: String, verdict: DoctorDocument.Verdict
    ) throws {
        // A line of an error and no report, with --json nothing at all.
        guard !Ground.isSystem else { return }
        let manager = "systemctl --user"
        // Where a unit is installed, a host gets the manager's variables.
        let unit =
            "\(try Shell.run("echo $XDG_RUNTIME_DIR").trimmingCharacters(in: .newlines))/systemd/user/corral-host.service"
        try Shell.run(
            "mkdir -p '\((unit as NSString).deletingLastPathComponent)'; printf '[Service]\\nExecStart=/bin/true\\n' > '\(unit)'; \(manager) daemon-reload"
        )
        defer { #expect(throws: Never.self) { try Shell.run("rm '\(unit)'; \(manager) daemon-reload") } }
        let (document, status) = try Self.run("", environment, unset: unset)
        let check = try #require(document.checks.first { $0.name == name }, "\(document)")
        #expect(check.verdict == verdict, "\(check)")
        #expect(status == (verdict == .failure ? 1 : 0), "\(document)")
        for name in ["kernel", "systemd", "cgroup", "state", "instance", "index"] {
            #expect(Self.verdict(document, name) == .ok, "\(name): \(document)")
        }
        #expect(Self.verdict(document, "host") == .warning)
    }

    @Test(
        arguments: [
            ("chmod 0 .", "state"), ("rmdir \"$PWD\"; touch \"$PWD\"", "state"), ("mkfifo instance", "instance"),
            ("mkdir instance", "instance"), ("touch index.db", "instance"), ("mkdir index.lock", "index"),
        ])
    func `examines all the rest where the state directory is wrong`(script: String, name: String) throws {
        guard !Ground.isSystem else { return }
        let directory = try TemporaryDirectory()
        let machine = try String(contentsOfFile: "/etc/machine-id", encoding: .utf8).trimmingCharacters(in: .newlines)
        let state = "\(directory.path)/corral/\(machine)"
        try Shell.run("mkdir -p '\(state)'; chmod 700 '\(state)'; cd '\(state)'; \(script)")
        let (document, status) = try Self.run("", ["XDG_STATE_HOME": directory.path])
        #expect(document.checks.filter { $0.verdict == .failure }.map(\.name) == [name], "\(document)")
        #expect(status == 1)
        #expect(Self.verdict(document, "systemd") == .ok)
        try Shell.run("test ! -d '\(state)' || chmod 700 '\(state)'")
    }

    @Test(arguments: ["> /dev/full", ">&-"])
    func `fails where nobody gets its report`(redirection: String) throws {
        // A script took it for a report without failures.
        let text = try Shell.run("set +e; '\(Fixture.program)' doctor 2>/dev/null \(redirection); echo $?")
        #expect(text == "1\n")
        let told = try Shell.run("'\(Fixture.program)' doctor 3>&1 \(redirection) 2>&3 || true")
        #expect(told.contains("The result cannot be written: "))
    }

    @Test func `names a session's tags in the manager's environment`() async throws {
        let manager = Ground.isSystem ? "--system" : "--user"
        try Shell.run("systemctl \(manager) set-environment CORRAL_SESSION=s1")
        defer { #expect(throws: Never.self) { try Shell.run("systemctl \(manager) unset-environment CORRAL_SESSION") } }
        let check = try Self.run("").document.checks.first { $0.name == "environment" }
        #expect(check?.verdict == .warning)
        #expect(check?.mend?.contains("unset-environment CORRAL_SESSION") == true)
    }
}
