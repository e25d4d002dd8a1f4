import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport

/// Carries a history out on a real host, beside a model of what must be so, and compares the two by the kernel's word.
///
/// After each event every session that lives by the model has its leader in its scope, and nothing lives of those that ended.
/// At the end rows, scopes and processes agree, and when all workspaces are deleted nothing is left but what was never ours.
struct HistoryRun {
    /// The model and the kernel differ.
    struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    private struct Session {
        var document: SessionDocument
        var workspace: Int
        var lives = true
        /// Whether its row was lost and made again from the scope: what is to happen when its leader ends is not known any more.
        var isRecovered = false
    }

    private let host: ServiceHost
    private let repository: SampleRepository
    private let world = ProcessWorld()
    private var workspaces: [(document: WorkspaceDocument, lives: Bool)] = []
    private var sessions: [Session] = []
    private var created = 0

    private init(host: ServiceHost, repository: SampleRepository) {
        self.host = host
        self.repository = repository
    }

    /// Runs a history on a host of its own.
    /// - Throws: ``Difference``, or what the host answered where it had to do otherwise.
    static func run(_ history: History) async throws {
        let directory = try TemporaryDirectory()
        let repository = try SampleRepository(in: directory)
        try await ServiceHost.run(arguments: ["--ring-size", "64K"]) { host in
            let canary = directory.path + "/canary"
            try Shell.launch("env CORRAL_TEST_CANARY='\(canary)' sleep 1000", pidFile: canary)
            defer { _ = try? Shell.run("kill -KILL $(cat '\(canary)')") }
            var run = HistoryRun(host: host, repository: repository)
            _ = try await host.process()
            for event in history.events {
                do {
                    try await run.apply(event)
                    try await run.compare()
                } catch {
                    throw Difference(description: "after \(History(events: [event])): \(error)")
                }
            }
            try await run.end()
            guard try run.world.tagged("CORRAL_TEST_CANARY", canary).count == 1 else {
                throw Difference(description: "a process that was never Corral's was killed")
            }
        }
    }

    // MARK: Events

    private mutating func apply(_ event: History.Event) async throws {
        switch event {
        case .workspace:
            created += 1
            let request = CreateWorkspaceRequest(repository: repository.path, branch: "b\(created)")
            workspaces.append((try await host.client.createWorkspace(request).document, true))
        case .session(let number):
            guard let workspace = pick(number, workspaces.indices.filter { workspaces[$0].lives }) else { return }
            let document = try await host.client.createSession(in: workspaces[workspace].document.id, request(number))
                .document
            sessions.append(Session(document: document, workspace: workspace))
            try await waitUntilReady(document.id)
        case .exit(let number):
            guard
                let session = pick(number, sessions.indices.filter { sessions[$0].lives && !sessions[$0].isRecovered })
            else { return }
            try await endLeader(of: session)
        case .kill(let number):
            guard let session = living(number) else { return }
            let answer = try await host.client.killSession(sessions[session].document.id)
            guard answer.outcome == .confirmed else {
                throw Difference(description: "the kill was not confirmed: \(answer)")
            }
            sessions[session].lives = false
        case .delete(let number):
            guard let workspace = pick(number, workspaces.indices.filter { workspaces[$0].lives }) else { return }
            try await delete(workspace)
        case .crash: try await host.kill()
        case .crashInDelete(let number):
            guard let workspace = pick(number, workspaces.indices.filter { workspaces[$0].lives }) else { return }
            let id = workspaces[workspace].document.id
            try await crash { client in _ = try await client.deleteWorkspace(id) }
            try await delete(workspace)
        case .crashInKill(let number):
            guard let session = living(number) else { return }
            let id = sessions[session].document.id
            try await crash { client in _ = try await client.killSession(id) }
            // It was asked for, or not: the row says which, and either is carried out.
            if try await host.client.session(id).disposeRequestedAt == nil {
                _ = try await host.client.killSession(id)
            }
            try await eventually("\(id) is over") { [host] in try await host.client.session(id).status == .disposed }
            sessions[session].lives = false
        case .crashInSession(let number): try await crashInSession(number)
        case .restart: try host.restart()
        case .reap: _ = try await host.client.reap()
        case .loseRow(let number):
            guard let session = living(number) else { return }
            try loseRow(sessions[session].document.id)
            try await host.kill()
            for _ in 1...3 { _ = try await host.client.reap() }
            sessions[session].isRecovered = true
        }
    }

    private func request(_ number: Int) -> CreateSessionRequest {
        CreateSessionRequest(command: ["/bin/sh", "-c", HistoryChild(number: number).script])
    }

    private mutating func crashInSession(_ number: Int) async throws {
        guard let workspace = pick(number, workspaces.indices.filter { workspaces[$0].lives }) else { return }
        let (id, owner) = ("scut\(sessions.count)", workspaces[workspace].document.id)
        var request = request(number)
        request.id = id
        try await crash { [request] client in _ = try await client.createSession(in: owner, request) }
        // Two looks: what was not released is nobody's.
        for _ in 1...2 { _ = try await host.client.reap() }
        guard let document = try await host.client.sessions().first(where: { $0.id == id }) else {
            guard try world.tagged("CORRAL_SESSION", id).isEmpty else {
                throw Difference(description: "\(id) has a process and no row")
            }
            return
        }
        let lives = try !world.inUnit(document.unit).isEmpty
        sessions.append(Session(document: document, workspace: workspace, lives: lives))
        // One whose command never ran is nobody's loss; it may keep a row without a scope until it is killed.
        if !lives { _ = try? await host.client.killSession(id) }
    }

    private mutating func endLeader(of session: Int) async throws {
        let document = sessions[session].document
        guard let pid = document.leaderPid, let leader = try Pidfd.open(ProcessID(Int32(pid))) else {
            throw Difference(description: "\(document.id) has no leader")
        }
        try leader.signal(SIGKILL)
        try await eventually("\(document.id) is over") { [host, world] in
            try await host.client.session(document.id).status == .exited && world.inUnit(document.unit).isEmpty
        }
        sessions[session].lives = false
    }

    private mutating func delete(_ workspace: Int) async throws {
        let id = workspaces[workspace].document.id
        var receipt = try await host.client.deleteWorkspace(id)
        try await eventually("the delete of \(id) is done: \(receipt)") { [host] in
            receipt = try await host.client.deleteWorkspace(id)
            return receipt.state == .deleted
        }
        guard receipt.outcome == .confirmed else { throw Difference(description: "not confirmed: \(receipt)") }
        workspaces[workspace].lives = false
        for index in sessions.indices where sessions[index].workspace == workspace { sessions[index].lives = false }
    }

    /// Kills the host while it works on a request, at a moment that nobody chose.
    private func crash(_ request: @escaping @Sendable (HostClient) async throws -> Void) async throws {
        let client = host.client
        let asked = Task { try? await request(client) }
        for _ in 0..<50 { await Task.yield() }
        try await host.kill()
        await asked.value
    }

    private func loseRow(_ id: String) throws {
        try Shell.run(
            """
            python3 -c 'import sqlite3, sys
            index = sqlite3.connect(sys.argv[1], timeout=30)
            with index: assert index.execute("DELETE FROM session WHERE id = ?", [sys.argv[2]]).rowcount == 1' \
            '\(host.place.state)/index.db' '\(id)'
            """)
    }

    private func waitUntilReady(_ id: String) async throws {
        let request = WaitRequest(for: .output, pattern: "^ready$", timeout: 30, from: 0)
        _ = try await host.client.wait(for: request, in: id)
    }

    private func living(_ number: Int) -> Int? { pick(number, sessions.indices.filter { sessions[$0].lives }) }

    private func pick(_ number: Int, _ choice: [Int]) -> Int? { choice.isEmpty ? nil : choice[number % choice.count] }

    // MARK: The comparison

    private func compare() async throws {
        let ended = Set(sessions.filter { !$0.lives }.map(\.document.id))
        let procfs = Procfs()
        var members: [String: Set<Int>] = [:]
        for pid in try procfs.processes() {
            guard let stat = try procfs.stat(pid), stat.state != "Z", case .path(let path) = try procfs.cgroup(pid)
            else {
                continue
            }
            for unit in path.components where unit.hasSuffix(".scope") {
                members[unit, default: []].insert(Int(pid.rawValue))
            }
        }
        for session in sessions {
            let (id, here) = (session.document.id, members[session.document.unit] ?? [])
            if session.lives, !here.contains(session.document.leaderPid ?? 0) {
                throw Difference(description: "\(id) was killed: \(try await host.client.session(id))")
            }
            if !session.lives, !here.isEmpty { throw Difference(description: "\(id) is over, and \(here) live") }
        }
        for id in ended {
            let left = try world.tagged("CORRAL_SESSION", id)
            if !left.isEmpty { throw Difference(description: "\(id) is over, and \(left) live elsewhere") }
        }
    }

    private mutating func end() async throws {
        for _ in 1...2 { _ = try await host.client.reap() }
        try await compare()
        let rows = try await host.client.sessions()
        let claimed = Set(rows.filter { $0.status == .active }.map(\.id))
        let living = Set(sessions.filter(\.lives).map(\.document.id))
        guard claimed == living else {
            throw Difference(description: "rows say that \(claimed.sorted()) live, and \(living.sorted()) do")
        }
        for workspace in workspaces.indices where workspaces[workspace].lives { try await delete(workspace) }
        try await compare()
        let instance = try await host.client.status().instance
        let left = try world.tagged("CORRAL_INSTANCE", instance)
        guard left.isEmpty else { throw Difference(description: "all is deleted, and \(left) live") }
        try await eventually("systemd keeps no scope: \(try world.units("corral-\(instance)-*.scope"))") { [world] in
            try world.units("corral-\(instance)-*.scope").isEmpty
        }
    }

    private func eventually(_ what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = Deadline.after(.seconds(60))
        while try await !isSo() {
            if deadline.hasPassed { throw Difference(description: "not within 60 s: \(what)") }
            await Task.yield()
        }
    }
}
