import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `The creation of a workspace` {
    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Regression: whatever the start of the setup script threw left the workspace `creating`, and the next start of the host
    /// undid it with all that lay in it. Here the kernel refuses a script that says nothing of an interpreter.
    @Test func `whose setup script cannot be started leaves it failed, kept and reported, also past a restart`()
        async throws
    {
        var fixture = try await Fixture.make()
        try await fixture.sweeping {
            try Shell.run(
                "mkdir .corral; echo 'echo hello' > .corral/setup; chmod +x .corral/setup; git add .corral; git commit -qm setup",
                in: fixture.repository.path)
            _ = try await fixture.client.trustRepository(fixture.repository.path)
            let workspace = try await fixture.workspace()
            #expect(workspace.state == .failed)
            #expect(workspace.detail?.contains("the setup script could not be run") == true, "\(workspace)")
            #expect(workspace.detail?.contains("execve") == true, "\(workspace)")
            #expect(Self.exists(workspace.path + "/file"))
            #expect(try fixture.world.inUnit(workspace.slice).isEmpty)

            try await fixture.host.kill()
            fixture = Fixture(
                host: try await RunningHost.start(fixture.host.place), repository: fixture.repository,
                directory: fixture.directory)
            // A pass comes after everything that a start settles.
            _ = try await fixture.client.reap()
            #expect(try await fixture.client.workspace(workspace.id).state == .failed)
            #expect(Self.exists(workspace.path + "/file"))
            #expect(try await fixture.client.deleteWorkspace(workspace.id).state == .deleted)
            try await fixture.end()
        }
    }

    /// A fixture whose host runs a git of its own, which runs a shell command before it lists worktrees.
    private static func make(_ tools: TemporaryDirectory, whenListing command: String) async throws -> Fixture {
        let script = """
            #!/bin/sh
            case "$*" in *'worktree list'*) \(command) ;; esac
            PATH=${PATH#*:} exec git "$@"
            """
        try Shell.run("printf '%s' \"$TEXT\" > git; chmod +x git", in: tools.path, environment: ["TEXT": script])
        try Shell.run("chmod 755 .", in: tools.path)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return try await Fixture.make(environment: ["PATH": "\(tools.path):\(path)"])
    }

    /// Regression: a git that failed while it was asked where the branch is checked out left a row `creating`, which took the
    /// branch and the id until the next start.
    @Test func `that git does not answer leaves nothing`() async throws {
        let tools = try TemporaryDirectory()
        let fixture = try await Self.make(tools, whenListing: "[ ! -e \(tools.path)/broken ] || exit 7")
        try await fixture.sweeping {
            try fixture.repository.git("branch there")
            try Shell.run("touch broken", in: tools.path)
            let request = CreateWorkspaceRequest(repository: fixture.repository.path, branch: "there", id: "wthere")
            #expect(try await Fixture.code { try await fixture.client.createWorkspace(request) } == "git_failed")
            #expect(try await fixture.client.workspaces(all: true).isEmpty)
            try Shell.run("rm broken", in: tools.path)
            #expect(try await fixture.client.createWorkspace(request).document.state == .active)
        }
    }

    /// Regression: of workspaces that were created at the same time one in some hundred failed, since git came upon another one's
    /// registration while that was being written: `failed to read .git/worktrees/…/commondir`. The hook is a part of the addition
    /// that lasts.
    @Test func `adds one worktree at a time to a repository, whoever asks at the same time`() async throws {
        try await Fixture.swept { fixture in
            let place = fixture.directory.path
            let hook = """
                #!/bin/sh
                mkdir '\(place)/busy' 2>/dev/null || echo "$PWD" >> '\(place)/overlaps'
                sleep 0.2
                rmdir '\(place)/busy' 2>/dev/null
                echo "$PWD" >> '\(place)/added'
                """
            try Shell.run(
                "printf '%s\n' \"$TEXT\" > .git/hooks/post-checkout; chmod +x .git/hooks/post-checkout",
                in: fixture.repository.path, environment: ["TEXT": hook])
            let states = try await withThrowingTaskGroup(of: WorkspaceDocument.State.self) { group in
                for number in 1...6 { group.addTask { try await fixture.workspace("branch\(number)").state } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(states == Array(repeating: .active, count: 6))
            #expect(try Shell.run("wc -l < added", in: place) == "6\n")
            #expect(!Self.exists(place + "/overlaps"))
        }
    }

    /// Regression: git fails to list worktrees at the moment at which the registration of another one is written, and the delete
    /// of a workspace was answered with that.
    @Test func `at the same time does no harm to a delete`() async throws {
        let tools = try TemporaryDirectory()
        let fixture = try await Self.make(tools, whenListing: "! rm \(tools.path)/broken 2>/dev/null || exit 128")
        try await fixture.sweeping {
            let workspace = try await fixture.workspace()
            try Shell.run("touch broken", in: tools.path)
            #expect(try await fixture.client.deleteWorkspace(workspace.id).outcome == .confirmed)
            #expect(!Self.exists(tools.path + "/broken"), "it was not asked")
        }
    }

    /// Regression: `git worktree add` failed because something lay in its place, and the undo took that for what had been made:
    /// it was moved to the trash and deleted. A directory without a row is there when the index was restored from an old copy.
    @Test(arguments: ["mkdir", "touch", "ln -s /nowhere"])
    func `refuses a place that is taken, and does not touch what lies there`(make: String) async throws {
        try await Fixture.swept { fixture in
            let sibling = try await fixture.workspace("sibling")
            let place = (sibling.path as NSString).deletingLastPathComponent + "/wtaken"
            try Shell.run("\(make) '\(place)'; test ! -d '\(place)' || echo precious > '\(place)/file'")
            let before = try Shell.run("stat -c %i '\(place)'")
            let request = CreateWorkspaceRequest(repository: fixture.repository.path, branch: "mine", id: "wtaken")
            #expect(try await Fixture.code { try await fixture.client.createWorkspace(request) } == "conflict")
            #expect(try Shell.run("stat -c %i '\(place)'") == before)
            #expect(make != "mkdir" || Self.exists(place + "/file"))
            #expect(try await fixture.client.workspaces(all: true).map(\.id) == [sibling.id])
            #expect(try fixture.repository.git("branch --list mine").isEmpty)
            #expect(try !fixture.repository.git("worktree list").contains("wtaken"))
            try Shell.run("rm -rf '\(place)'")
            let workspace = try await fixture.client.createWorkspace(request).document
            #expect(workspace.state == .active)
            #expect(Self.exists(workspace.path + "/file"))
        }
    }

    /// Regression: a delete of a workspace that was still being created took for its worktree whatever lay at its path.
    @Test func `that is cut by a delete leaves what lies in its place`() async throws {
        try await Fixture.withCheckpoints { fixture, checkpoints in
            try checkpoints.pause(at: "workspaceInserted")
            let request = CreateWorkspaceRequest(repository: fixture.repository.path, branch: "mine", id: "wcut")
            let creation = Task { [client = fixture.client] in
                try await Fixture.code { try await client.createWorkspace(request) }
            }
            try await checkpoints.waitUntilReached("workspaceInserted")
            let place = try await fixture.client.workspace("wcut").path
            try Shell.run("mkdir -p '\(place)'; echo precious > '\(place)/file'")
            let receipt = try await fixture.client.deleteWorkspace("wcut", DeleteWorkspaceOptions(force: true))
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.worktree == .absent)
            try await checkpoints.resume("workspaceInserted")
            #expect(try await creation.value != nil)
            #expect(Self.exists(place + "/file"))
            #expect(try fixture.repository.git("branch --list mine").isEmpty)
            #expect(try await fixture.client.workspaces(all: true).isEmpty)
        }
    }

    /// Symptom: a session ended at the next reload of systemd. Cause: the name of the adopted directory, and of the command's file, went as
    /// they were into the description of its scope, where what followed a newline was read as a directive.
    @Test func `from a directory with a newline in its name puts nothing but text into systemd's files`() async throws {
        try await Fixture.run { fixture in
            let path = fixture.directory.path + "/n\n[Scope]\nRuntimeMaxSec=1\n#"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let workspace = try await fixture.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: path)
            ).document
            #expect(workspace.name == "n\u{fffd}[Scope]\u{fffd}RuntimeMaxSec=1\u{fffd}#")
            let command = path + "/c\n[Scope]\nRuntimeMaxSec=1\n#"
            try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: command)
            let session = try await fixture.client.createSession(
                in: workspace.id, CreateSessionRequest(command: [command, "1000"])
            ).document
            #expect(session.title == "c\u{fffd}[Scope]\u{fffd}RuntimeMaxSec=1\u{fffd}#")
            try Shell.run("systemctl \(Fixture.manager) daemon-reload")
            let properties = try Shell.run(
                "systemctl \(Fixture.manager) show --property=RuntimeMaxUSec,Description '\(session.unit)'")
            #expect(properties.contains("RuntimeMaxUSec=infinity"), "\(properties)")
            #expect(properties.split(separator: "\n").count == 2, "\(properties)")
            _ = try await fixture.client.deleteWorkspace(workspace.id)
        }
    }

    // Symptom: a script that made a workspace with an id of its own was told that it was there, and there was none of that id. Cause: the
    // branch had another one.
    @Test func `on a branch that has one is refused when it names another id`() async throws {
        try await Fixture.run { fixture in
            let there = try await fixture.workspace("shared")
            let request = CreateWorkspaceRequest(repository: fixture.repository.path, branch: "shared", id: "wother")
            #expect(try await Fixture.code { try await fixture.client.createWorkspace(request) } == "conflict")
            let again = try await fixture.client.createWorkspace(
                CreateWorkspaceRequest(repository: fixture.repository.path, branch: "shared"))
            #expect(again.document.id == there.id)
            #expect(!again.isNew)
        }
    }
}
