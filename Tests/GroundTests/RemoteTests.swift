import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// The command line, through a real ssh and a real sshd on the loopback device, at a host that could be anywhere.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A host behind ssh` {
    /// An sshd that lets its own user in by a key, and an ssh configuration that calls it by names.
    private struct Machine: Sendable {
        let directory: TemporaryDirectory
        let pidfd: Pidfd
        /// An ssh that is configured for it comes first here.
        var environment: [String: String] { ["PATH": "\(directory.path)/bin:/usr/local/bin:/usr/bin:/bin"] }

        static let port = 2222

        init(_ fixture: Fixture) async throws {
            directory = try TemporaryDirectory()
            let place = directory.path
            let programs = URL(fileURLWithPath: Ground.programs).standardizedFileURL.path
            // `mill` has corral, `forge` has not; nobody listens for `ruin`.
            try Shell.run(
                """
                mkdir -p /run/sshd 2>/dev/null || true
                mkdir bin; chmod 700 .
                ssh-keygen -q -t ed25519 -N '' -f key; ssh-keygen -q -t ed25519 -N '' -f hostkey; cp key.pub authorized
                cat >sshd_config <<END
                ListenAddress 127.0.0.1
                Port \(Self.port)
                HostKey \(place)/hostkey
                AuthorizedKeysFile \(place)/authorized
                PidFile \(place)/pid
                StrictModes no
                UsePAM no
                PasswordAuthentication no
                PermitRootLogin yes
                AcceptEnv CORRAL_TEST_PATH
                SetEnv CORRAL_SOCKET=\(fixture.host.place.socket)
                ForceCommand if [ -n "\\$CORRAL_TEST_PATH" ]; then PATH="\\$CORRAL_TEST_PATH"; fi; eval "\\$SSH_ORIGINAL_COMMAND"
                END
                cat >ssh_config <<END
                Host mill
                    SetEnv CORRAL_TEST_PATH=\(programs):/usr/bin:/bin
                Host forge
                    SetEnv CORRAL_TEST_PATH=/usr/bin:/bin
                Host ruin
                    Port 2223
                Host *
                    HostName 127.0.0.1
                    Port \(Self.port)
                    IdentityFile \(place)/key
                    IdentitiesOnly yes
                    StrictHostKeyChecking no
                    UserKnownHostsFile /dev/null
                    LogLevel ERROR
                    SendEnv CORRAL_TEST_PATH
                END
                printf '#!/bin/sh\\nexec /usr/bin/ssh -F %s/ssh_config "$@"\\n' '\(place)' >bin/ssh; chmod 755 bin/ssh
                """, in: place)
            try Shell.launch(
                "/usr/sbin/sshd -D -e -f '\(place)/sshd_config' -E '\(place)/log'", pidFile: "\(place)/launched")
            try await fixture.eventually("sshd listens") {
                FileManager.default.fileExists(atPath: "\(place)/pid")
            }
            let number = try String(contentsOfFile: "\(place)/pid", encoding: .utf8)
            let pid = try #require(ProcessID(number.trimmingCharacters(in: .whitespacesAndNewlines)))
            pidfd = try #require(try Pidfd.open(pid))
        }

        /// Runs `corral` and returns its output with its complaints, and its status behind them.
        func corral(_ arguments: String, in directory: String = "/") throws -> String {
            try Shell.run(
                "{ '\(Fixture.program)' \(arguments); } 2>&1 || echo status $?", in: directory,
                environment: environment)
        }

        /// Children of ssh that this machine runs for clients now, and what they run here.
        func traces(_ world: ProcessWorld) throws -> Int {
            try world.running("ssh_config").count + world.running("dial-stdio").count
        }

        func stop() { do { try pidfd.signal(SIGKILL) } catch { print("end sshd: \(error)") } }
    }

    private func with(_ body: (Fixture, Machine) async throws -> Void) async throws {
        try await Fixture.swept { fixture in
            let machine = try await Machine(fixture)
            defer { machine.stop() }
            try await body(fixture, machine)
            try await fixture.eventually("no ssh and no other end is left", within: .seconds(20)) {
                try machine.traces(fixture.world) == 0
            }
        }
    }

    @Test func `serves every verb as the one of this machine does`() async throws {
        try await with { fixture, machine in
            let made = try machine.corral(
                "--host mill workspace create --repository '\(fixture.repository.path)' --branch far")
            #expect(made.contains("/worktrees/"), "\(made)")
            let session = try machine.corral(
                "--host ssh://mill session create far --title s -- sh -c 'echo begin; read x; echo got $x; read y; exit 7'"
            ).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(try machine.corral("--host mill session wait s --output begin --timeout 20").contains("begin"))
            #expect(try machine.corral("session send --host mill s hello").isEmpty)
            #expect(
                try machine.corral("--host mill session wait s --output 'got hello' --timeout 20").contains("got hello")
            )
            #expect(try machine.corral("--host mill session read s").contains("got hello"))
            #expect(try machine.corral("--host mill status --json").contains("\"pid\":\(fixture.host.pidfd.pid)"))
            // By the environment, with a path in the address, and as a follower that ends with the session.
            let followed = try Shell.run(
                """
                '\(Fixture.program)' session logs s --follow >log & follower=$!
                '\(Fixture.program)' session send s bye
                '\(Fixture.program)' session wait s --exit --timeout 20 || true
                wait $follower; cat log
                """, in: machine.directory.path,
                environment: machine.environment.merging([
                    "CORRAL_HOST": "ssh://mill\(fixture.host.place.socket)"
                ]) { _, new in new })
            #expect(followed.contains("got hello") && followed.contains("bye"), "\(followed)")
            #expect(try machine.corral("--host mill session show \(session)").contains("status 7"))
            let deleted = try machine.corral("--host mill workspace delete far")
            #expect(deleted.contains("confirmed by the kernel") && !deleted.contains("status"), "\(deleted)")
        }
    }

    @Test func `has its terminals attached to, both ways`() async throws {
        try await with { fixture, machine in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "stty -echo; read x; echo got $x; exit 5")
            let text = try machine.corral("--host mill attach \(session.id)")
            #expect(text.contains("status 4"), "stdin is no terminal: \(text)")
            let typed = try Shell.run(
                "{ echo hello | '\(Fixture.program)' --host mill attach \(session.id); } 2>&1 || echo status $?",
                environment: machine.environment)
            #expect(typed.contains("got hello") && typed.contains("status 5"), "\(typed)")
        }
    }

    @Test func `that cannot be reached says why, and nothing was sent`() async throws {
        try await with { fixture, machine in
            let ruin = try machine.corral("--host ruin workspace list")
            #expect(ruin.contains("Connection refused") && ruin.contains("status 69"), "\(ruin)")
            let forge = try machine.corral("--host forge workspace list")
            #expect(forge.contains("there is no corral on that machine") && forge.contains("status 69"), "\(forge)")
            let lost = try machine.corral("--host ssh://mill/nowhere/corral.sock workspace delete x")
            #expect(
                lost.contains("/nowhere/corral.sock: No such file or directory") && lost.contains("nothing was sent")
                    && lost.contains("status 69"), "\(lost)")
            let without = try Shell.run(
                "{ '\(Fixture.program)' --host mill status; } 2>&1 || echo status $?", environment: ["PATH": "/nowhere"]
            )
            #expect(without.contains("ssh cannot be started") && without.contains("status 69"), "\(without)")
            #expect(try machine.corral("--host mill host stop").contains("ssh mill corral host stop"))
        }
    }

    @Test func `is listed beside others, and one that cannot be reached hides none`() async throws {
        try await with { fixture, machine in
            let workspace = try await fixture.workspace()
            let list = try machine.corral("--hosts mill,ruin,ssh://mill workspace list")
            let lines = list.split(separator: "\n")
            #expect(lines.contains { $0.hasPrefix("HOST") })
            #expect(lines.contains { $0.hasPrefix("mill ") && $0.contains(workspace.id) }, "\(list)")
            #expect(lines.contains { $0.hasPrefix("ssh://mill ") && $0.contains(workspace.id) })
            #expect(lines.contains { $0.hasPrefix("corral: ruin: ") && $0.contains("Connection refused") })
            #expect(lines.last == "status 69")
            // The one of this machine hid all others where the environment does not say where it is.
            let without = try Shell.run(
                "{ env -u XDG_RUNTIME_DIR -u CORRAL_SOCKET '\(Fixture.program)' --hosts local,mill workspace list; } 2>&1 || echo status $?",
                environment: machine.environment)
            #expect(without.contains("corral: local: ") && without.contains(workspace.id), "\(without)")
            let json = try machine.corral("session list --hosts mill,ruin --json").split(separator: "\n")
            #expect(json.count == 3 && json[0].hasPrefix(#"{"host":"mill","list":["#), "\(json)")
            #expect(json[1].hasPrefix(#"{"error":{"code":"unreachable""#) && json[1].contains(#""host":"ruin""#))
        }
    }

    /// ssh finds its stdin at its end when `corral` is gone, however that came.
    @Test func `is left alone by a client that is killed`() async throws {
        try await with { fixture, machine in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "sleep 1000")
            for signal in ["TERM", "KILL"] {
                let pid = machine.directory.path + "/client"
                try Shell.run(
                    "'\(Fixture.program)' --host mill session wait \(session.id) --exit >/dev/null 2>&1 & echo $! >'\(pid)'",
                    environment: machine.environment)
                try await fixture.eventually("it waits") { try fixture.world.running("dial-stdio").count >= 2 }
                try Shell.run("kill -\(signal) $(cat '\(pid)')")
                try await fixture.eventually("nothing of it is left after SIG\(signal)", within: .seconds(20)) {
                    try machine.traces(fixture.world) == 0
                }
            }
        }
    }
}
