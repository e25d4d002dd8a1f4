import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// `corral host …` at the units, as people install them. In one suite with the other tests of the units, which have their names from
/// the same manager.
extension `The units that are shipped` {
    /// Runs a verb of the command line without anybody to ask.
    /// - Returns: what it said, with `status N` at the end when that is not 0.
    @discardableResult
    private func corral(_ arguments: String, socket: String = "") throws -> String {
        try Shell.run(
            "CORRAL_SOCKET='\(socket)' '\(Ground.programs)/corral' \(arguments) </dev/null 2>&1 || echo \"status $?\"")
    }

    private func startSession(_ client: HostClient, in directory: TemporaryDirectory) async throws -> SessionDocument {
        let workspace = try await client.createWorkspace(
            CreateWorkspaceRequest(kind: .adopted, path: directory.path)
        ).document
        return try await client.createSession(
            in: workspace.id, CreateSessionRequest(command: ["/bin/sh", "-c", "exec sleep 1000"])
        ).document
    }

    /// The count of sessions came from the host at the socket that was named, which had none, and the unit that was then stopped was
    /// the main one, with all of its sessions.
    @Test(arguments: ["host stop", "host stop --yes", "host restart"])
    func `are left alone by a verb that is aimed at another host`(verb: String) async throws {
        try await installed { client in
            let directory = try TemporaryDirectory()
            let session = try await startSession(client, in: directory)
            let before = try await client.status()
            try await ServiceHost.run { lab in
                let pid = try await lab.client.status().pid
                for said in [
                    try corral("--socket '\(lab.place.socket)' \(verb)"), try corral(verb, socket: lab.place.socket),
                ] {
                    #expect(said.contains("(pid \(pid)) is not corral-host.service"), "\(said)")
                    #expect(said.contains("It is \(lab.unit): `systemctl"), "\(said)")
                    #expect(said.hasSuffix("status 4\n"), "\(said)")
                }
                #expect(try await lab.client.status().pid == pid)
            }
            #expect(try await client.status().pid == before.pid)
            #expect(try await client.session(session.id).status == .active)
            #expect(try await client.deleteWorkspace(#require(session.workspace)).outcome == .confirmed)
        }
    }

    /// After the stop the verb connected to the socket to see whether a host was left, which started one; and so did every client that
    /// looked for its host.
    @Test func `are stopped with their socket, and started with it where it is enabled`() async throws {
        try await installed { client in
            let directory = try TemporaryDirectory()
            let session = try await startSession(client, in: directory)
            let events = Self.runtime + "/corral-test-events"
            try Shell.launch("'\(Ground.programs)/corral' events", pidFile: events)
            defer { _ = try? Shell.run("kill $(cat '\(events)') || true; rm -f '\(events)'") }
            #expect(try corral("host stop").contains("1 live session will lose its terminal"))
            #expect(try await client.session(session.id).status == .active)

            let said = try corral("host stop --yes")
            #expect(said.hasPrefix("The host has stopped. corral.socket, which would start it"), "\(said)")
            #expect(said.contains("start corral.socket` starts it again.\n"), "\(said)")
            #expect(try corral("status").hasSuffix("status 69\n"))
            #expect(try property("ActiveState") == "inactive")
            #expect(try property("ActiveState", of: "corral.socket") == "inactive")
            #expect(
                try corral("host stop --json") == #"{"sessions":null,"socket_stopped":false,"stopped":false}"# + "\n")

            #expect(try corral("host start").hasPrefix("The host runs (pid "))
            #expect(try property("ActiveState", of: "corral.socket") == "inactive", "nobody had enabled it")
            #expect(try await client.session(session.id).status == .disposed)
            try Shell.run("systemctl \(Self.manager) --runtime --quiet enable corral.socket")
            #expect(try corral("host stop --yes") == "The host has stopped.\n")
            #expect(try corral("host start").hasPrefix("The host runs (pid "))
            #expect(try property("ActiveState", of: "corral.socket") == "active")
            #expect(try corral("host stop --yes").hasSuffix("; `corral host start` starts it again.\n"))
        }
    }

    /// It started the main host, and then failed since nobody listened at the socket that was named.
    @Test func `are not started for a socket that is not theirs`() async throws {
        try await installed { _ in
            try corral("host stop --yes")
            let elsewhere = Self.runtime + "/lab/corral.sock"
            for said in [try corral("--socket '\(elsewhere)' host start"), try corral("host start", socket: elsewhere)]
            {
                #expect(said.contains("is installed, and its host listens at "), "\(said)")
                #expect(said.contains("so none was started for \(elsewhere)."), "\(said)")
                #expect(said.hasSuffix("status 4\n"), "\(said)")
            }
            #expect(try property("ActiveState") == "inactive")
            let own = Self.runtime + "/corral/corral.sock"
            #expect(try corral("--socket '\(own)' host start").hasPrefix("The host runs (pid "))
        }
    }

    /// The first look was a connection, which `corral.socket` starts a host for.
    @Test func `are not started in order to be stopped`() async throws {
        try await installed { _ in
            let before = try property("ExecMainStartTimestampMonotonic")
            #expect(try corral("host restart").hasPrefix("corral: The host does not run."))
            #expect(try corral("host stop").hasPrefix("The host did not run. corral.socket, which would start it"))
            #expect(try property("ExecMainStartTimestampMonotonic") == before)
            #expect(try property("ActiveState", of: "corral.socket") == "inactive")
        }
    }

    /// A host that does not answer has sessions all the same, and was stopped without a question.
    @Test func `are not stopped without a question when the host does not answer`() async throws {
        try await installed { client in
            let pid = try await client.status().pid
            let socket = Self.runtime + "/corral/corral.sock"
            try Shell.run("mv '\(socket)' '\(socket).away'")
            let said = try corral("host stop")
            #expect(said.hasPrefix("corral: The host does not answer, so it is not known how many"), "\(said)")
            #expect(said.hasSuffix("status 4\n"))
            #expect(try corral("host stop --yes", socket: "/nonexistent").contains("No host answers at /nonexistent"))
            try Shell.run("mv '\(socket).away' '\(socket)'")
            #expect(try await client.status().pid == pid)
        }
    }

    /// What docs/operations.md says of putting an index back, word for word: a host that had come back by itself held the old index open.
    @Test func `are stopped for a backup to be put back`() async throws {
        try await installed { client in
            let state = try await client.status().stateDirectory
            try Shell.run("rm -f backup.db; sqlite3 index.db \".backup 'backup.db'\"", in: state)
            let directory = try TemporaryDirectory()
            let session = try await startSession(client, in: directory)
            try Shell.run(
                """
                corral host stop --yes
                flock --timeout 60 index.lock sh -c 'rm -f index.db-wal index.db-shm && install -m 600 backup.db index.db'
                corral host start
                corral reap --dry-run
                rm backup.db
                """, in: state, environment: ["PATH": "\(Ground.programs):/usr/local/bin:/usr/bin:/bin"])
            #expect(try await !client.workspaces().contains { $0.id == session.workspace })
        }
    }
}
