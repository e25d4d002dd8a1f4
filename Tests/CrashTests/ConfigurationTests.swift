import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// The files of corral.conf(5) and real programs that read them.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A file of the configuration` {
    /// A directory whose configuration the hosts of this user read: root's own place in the private systemd, a user's by its variable.
    private static func place(_ own: TemporaryDirectory) -> (directory: String, environment: [String: String]) {
        Ground.isSystem ? ("/etc/corral", [:]) : (own.path + "/corral", ["XDG_CONFIG_HOME": own.path])
    }

    private static func run(
        _ program: String, _ site: CrashSite, _ options: String, _ environment: [String: String] = [:]
    ) throws -> String {
        try Shell.run(
            "set +e; '\(Ground.programs)/\(program)' --runtime-directory '\(site.place.runtime)' \(options) 2>&1; echo \"status $?\"",
            environment: environment)
    }

    @Test func `that is wrong is refused with its line by host, reaper and doctor, and nothing is touched`()
        async throws
    {
        try await CrashSite.run { site in
            let file = site.directory.path + "/corral.conf"
            try Shell.run("printf '[Host]\\nSessionLimit=7\\nColour=blue\\n[Session]\\nMemoryMax=4X\\n' > '\(file)'")
            let options = "--state-directory '\(site.place.state)' --configuration '\(file)'"
            for program in ["corral-host", "corral-reaper"] {
                let said = try Self.run(program, site, options)
                #expect(said.contains("\(file):3: Colour= is not known in [Host]; "), "\(said)")
                #expect(said.hasSuffix("status 78\n"), "\(said)")
                #expect(!FileManager.default.fileExists(atPath: site.place.state))
                #expect(!FileManager.default.fileExists(atPath: site.place.runtime))
            }
            try Shell.run("sed -i /Colour/d '\(file)'")
            let said = try Self.run("corral-host", site, options)
            #expect(said.contains(#"\#(file):4: MemoryMax= is "4X"; a size is wanted"#), "\(said)")
            let text = try Self.run("corral-host", site, options + " --examine")
            let line = String(text.split(separator: "\n").first ?? "")
            let check = try WireCoding.decode(DoctorDocument.self, from: line).checks.first {
                $0.name == "configuration"
            }
            #expect(check?.verdict == .failure)
            #expect(check?.found.contains("\(file):4: ") == true, "\(text)")
        }
    }

    @Test func `counts less than one that is read later and than the command line`() async throws {
        let own = try TemporaryDirectory()
        let (directory, environment) = Self.place(own)
        try Shell.run(
            """
            mkdir -p '\(directory)/corral.conf.d'
            printf '[Host]\\nSessionLimit=9\\nLogLevel=debug\\nReapIntervalSec=1h\\n' > '\(directory)/corral.conf'
            printf '[Host]\\nSessionLimit=1\\n' > '\(directory)/corral.conf.d/10-few.conf'
            """)
        defer { _ = try? Shell.run("rm -rf '\(directory)'") }
        try await CrashSite.run(preparing: { $0.environment.merge(environment) { $1 } }) { site in
            let shown = try Self.run(
                "corral-host", site,
                "--show-configuration --reap-interval 2min --state-directory '\(site.place.state)'",
                environment)
            for text in [
                "# \(directory)/corral.conf.d/10-few.conf:2\nSessionLimit=1\n",
                "# \(directory)/corral.conf:3\nLogLevel=debug\n",
                "# --reap-interval\nReapIntervalSec=2min\n", "\n#RingSize=2M\n",
            ] {
                #expect(shown.contains(text), "\(shown)")
            }
            let host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            _ = try await site.survivor(host, workspace)
            do {
                _ = try await site.survivor(host, workspace)
                Issue.record("a second session was started")
            } catch HostClientFailure.problem(let problem) {
                #expect(problem.status == 503)
                #expect(problem.code == "limit_reached")
                #expect(problem.detail.contains(": 1 sessions are running, which is the limit "), "\(problem)")
            }
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    @Test func `that is wrong at a restart costs no terminal, and is read again until it is right`() async throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/corral.conf"
        try Shell.run("chmod 755 '\(directory.path)'; printf '[Host]\\nSessionLimit=7\\n' > '\(file)'")
        try await ServiceHost.run(arguments: ["--configuration", file]) { host in
            let path = host.place.directory.path + "/work"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let workspace = try await host.client.createWorkspace(CreateWorkspaceRequest(kind: .adopted, path: path))
                .document
            let session = try await host.client.createSession(
                in: workspace.id,
                CreateSessionRequest(command: ["/bin/sh", "-c", "echo ready; read line; echo \"got $line\"; exec cat"])
            ).document
            try await SessionReader(host.client, session.id).waitFor("ready")
            try Shell.run("echo SessionLimit=all >> '\(file)'")
            let monitor = try ReadinessMonitor()
            let process = try await host.process()
            try process.signal(SIGKILL)
            #expect(try await process.waitForExit(monitor, until: .after(.seconds(30))))
            // It is tried again and again, a second apart.
            let deadline = Deadline.after(.seconds(60))
            func tries() -> Int {
                RunningHost.log(host.place).components(separatedBy: "\(file):3: SessionLimit= is ").count - 1
            }
            while tries() < 3, !deadline.hasPassed { try await Task.sleep(for: .milliseconds(50)) }
            #expect(tries() >= 3)
            #expect(tries() < 20, "a second apart")
            #expect(try ProcessWorld().inUnit(session.unit).map { Int($0.rawValue) } == [session.leaderPid])
            #expect(try host.storedDescriptors() == 2, "the session, and the socket")

            try Shell.run("sed -i '$d' '\(file)'")
            while try await !Self.isServed(host), !deadline.hasPassed { try await Task.sleep(for: .milliseconds(50)) }
            #expect(try await host.client.session(session.id).terminal == .open)
            try await host.client.sendInput(Array("hello\n".utf8), to: session.id)
            try await SessionReader(host.client, session.id).waitFor("got hello")
        }
    }

    private static func isServed(_ host: ServiceHost) async throws -> Bool {
        do {
            _ = try await host.client.status()
            return true
        } catch HostClientFailure.unreachable, HostClientFailure.disconnected, HostClientFailure.timedOut {
            return false
        }
    }
}
