import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `The doctor` {
    private static func run(
        _ arguments: String, _ environment: [String: String] = [:]
    ) throws -> (document: DoctorDocument, status: Int32) {
        let variables = environment.map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
        let text = try Shell.run(
            "set +e; env \(variables) '\(Fixture.program)' doctor --json \(arguments); echo \"status $?\"")
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

    @Test func `names a session's tags in the manager's environment`() async throws {
        let manager = Ground.isSystem ? "--system" : "--user"
        try Shell.run("systemctl \(manager) set-environment CORRAL_SESSION=s1")
        defer { #expect(throws: Never.self) { try Shell.run("systemctl \(manager) unset-environment CORRAL_SESSION") } }
        let check = try Self.run("").document.checks.first { $0.name == "environment" }
        #expect(check?.verdict == .warning)
        #expect(check?.mend?.contains("unset-environment CORRAL_SESSION") == true)
    }
}
