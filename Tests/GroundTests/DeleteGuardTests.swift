import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `What a delete must not touch` {
    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test func `is the main worktree, also through a link and with force`() async throws {
        try await Fixture.swept { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "exec sleep 1000")
            try Shell.run(
                "mv '\(workspace.path)' '\(workspace.path).aside'; ln -s '\(fixture.repository.path)' '\(workspace.path)'"
            )
            for force in [false, true] {
                let code = try await Fixture.code {
                    try await fixture.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(force: force))
                }
                #expect(code == "main_worktree", "force: \(force)")
            }
            #expect(try await fixture.client.workspace(workspace.id).state == .active)
            #expect(try await fixture.client.session(session.id).members == 1)
            #expect(Self.exists(fixture.repository.path + "/file"))
            try Shell.run("rm '\(workspace.path)'; mv '\(workspace.path).aside' '\(workspace.path)'")
            let receipt = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.worktree == .removed)
            #expect(Self.exists(fixture.repository.path + "/file"))
        }
    }

    @Test(arguments: [true, false])
    func `is the directory that a link in the worktree's place leads to`(isPutBack: Bool) async throws {
        try await Fixture.swept { fixture in
            let workspace = try await fixture.workspace()
            _ = try await fixture.session(workspace, "exec sleep 1000")
            let victim = fixture.directory.path + "/victim"
            try Shell.run(
                "mkdir '\(victim)'; echo precious > '\(victim)/file'; mv '\(workspace.path)' '\(workspace.path).aside'; ln -s '\(victim)' '\(workspace.path)'"
            )
            #expect(try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id) } == "dirty")
            let refused = try await fixture.client.deleteWorkspace(
                workspace.id, DeleteWorkspaceOptions(force: true, timeout: 20))
            #expect(refused.state == .deleting, "\(refused)")
            #expect(refused.worktree == .failed)
            #expect(refused.detail?.contains("symbolic link") == true, "\(refused.detail ?? "")")
            #expect(Self.exists(victim + "/file"))
            try Shell.run("rm '\(workspace.path)'")
            if isPutBack { try Shell.run("mv '\(workspace.path).aside' '\(workspace.path)'") }
            // Asking again is the way to say that the obstacle is gone.
            let receipt = try await fixture.client.deleteWorkspace(
                workspace.id, DeleteWorkspaceOptions(force: true, timeout: 20))
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.worktree == (isPutBack ? .removed : .absent))
            #expect(Self.exists(victim + "/file"))
            #expect(try !fixture.repository.git("worktree list").contains(workspace.id))
        }
    }

    @Test(.enabled(if: Ground.isSystem, "only root can mount"))
    func `is what is mounted in the worktree; without the mount the delete goes on by itself`() async throws {
        try await Fixture.swept { fixture in
            let workspace = try await fixture.workspace()
            let precious = fixture.directory.path + "/precious"
            let point = workspace.path + "/mounted"
            try Shell.run(
                "mkdir '\(precious)' '\(point)'; echo precious > '\(precious)/file'; mount --bind '\(precious)' '\(point)'"
            )
            defer { _ = try? Shell.run("! mountpoint -q '\(point)' || umount -l '\(point)'") }
            let refused = try await fixture.client.deleteWorkspace(
                workspace.id, DeleteWorkspaceOptions(force: true, timeout: 20))
            #expect(refused.state == .deleting, "\(refused)")
            #expect(refused.worktree == .failed)
            #expect(refused.detail?.contains("mounted") == true, "\(refused.detail ?? "")")
            #expect(try await fixture.client.workspace(workspace.id).state == .deleting)
            #expect(Self.exists(precious + "/file"))
            try Shell.run("umount '\(point)'")
            try await fixture.eventually("the delete is done") {
                try await fixture.client.receipts(workspace: workspace.id).first?.state == .deleted
            }
            #expect(!Self.exists(workspace.path))
            #expect(Self.exists(precious + "/file"))
        }
    }

    @Test func `is a workspace or worktree that lies inside, also with force`() async throws {
        try await Fixture.swept { fixture in
            let outer = try await fixture.workspace("outer")
            let place = outer.path + "/inner"
            try fixture.repository.git("worktree add -q -b inner '\(place)'")
            let inner = try await fixture.client.createWorkspace(CreateWorkspaceRequest(kind: .adopted, path: place))
                .document
            let session = try await fixture.session(inner, "exec sleep 1000")
            for force in [false, true] {
                let code = try await Fixture.code {
                    try await fixture.client.deleteWorkspace(outer.id, DeleteWorkspaceOptions(force: force))
                }
                #expect(code == "nested_worktree", "force: \(force)")
            }
            #expect(try await fixture.client.session(session.id).members == 1)
            #expect(
                try await fixture.client.deleteWorkspace(inner.id, DeleteWorkspaceOptions(force: true)).worktree
                    == .notOurs)
            #expect(Self.exists(place + "/file"))
            // No workspace any more, but still a worktree that git knows.
            #expect(
                try await Fixture.code {
                    try await fixture.client.deleteWorkspace(outer.id, DeleteWorkspaceOptions(force: true))
                } == "nested_worktree")
            try fixture.repository.git("worktree remove '\(place)'")
            #expect(try await fixture.client.deleteWorkspace(outer.id).state == .deleted)
        }
    }

    /// Regression: a repository that git would not open (here a damaged HEAD) counted as one without any worktrees, so with force
    /// those that lay inside went along, and a branch that nobody could look for was reported as absent.
    @Test func `is anything while the repository cannot be asked, also with force (I3)`() async throws {
        try await Fixture.swept { fixture in
            let outer = try await fixture.workspace("outer")
            let session = try await fixture.session(outer, "exec sleep 1000")
            let place = outer.path + "/inner"
            try fixture.repository.git("worktree add -q -b inner '\(place)'")
            let head = fixture.repository.path + "/.git/HEAD"
            try Shell.run("mv '\(head)' '\(head).aside'; echo nonsense > '\(head)'")
            for force in [false, true] {
                let code = try await Fixture.code {
                    try await fixture.client.deleteWorkspace(outer.id, DeleteWorkspaceOptions(force: force))
                }
                #expect(code == "conflict", "force: \(force)")
            }
            #expect(try await fixture.client.workspace(outer.id).state == .active)
            #expect(try await fixture.client.session(session.id).members == 1)
            #expect(Self.exists(place + "/file"))
            try Shell.run("mv '\(head).aside' '\(head)'")
            #expect(
                try await Fixture.code {
                    try await fixture.client.deleteWorkspace(outer.id, DeleteWorkspaceOptions(force: true))
                } == "nested_worktree")
        }
    }

    // Symptom: with its repository moved elsewhere, a workspace went with a registered worktree inside, and its registration stayed. Cause: a
    // repository that was not where it had been counted as gone, and so as one without worktrees.
    @Test
    func `is a worktree that lies inside, also where their repository was moved; without it, it is deregistered there`()
        async throws
    {
        try await Fixture.swept { fixture in
            let outer = try await fixture.workspace("outer")
            let (place, moved) = (outer.path + "/inner", fixture.repository.path + ".moved")
            try fixture.repository.git("worktree add -q -b inner '\(place)'")
            try Shell.run(
                "mv '\(fixture.repository.path)' '\(moved)'; git -C '\(moved)' worktree repair '\(outer.path)' '\(place)'"
            )
            #expect(
                try await Fixture.code {
                    try await fixture.client.deleteWorkspace(outer.id, DeleteWorkspaceOptions(force: true))
                } == "nested_worktree")
            #expect(Self.exists(place + "/file"))
            try Shell.run("git worktree remove '\(place)'", in: moved)
            let receipt = try await fixture.client.deleteWorkspace(outer.id, DeleteWorkspaceOptions(force: true))
            #expect(receipt.state == .deleted && receipt.warnings.isEmpty, "\(receipt)")
            #expect(try !Shell.run("git worktree list", in: moved).contains(outer.path))
        }
    }

    // Symptom: a delete ended the sessions and then stayed `deleting` for good, where the directory had been restored from a backup. Cause: whether
    // it is the one that was made was asked when it was to be moved away.
    @Test func `is another directory in the worktree's place, before anything ends`() async throws {
        try await Fixture.swept { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "exec sleep 1000")
            let path = workspace.path
            try Shell.run("cp -a '\(path)' '\(path).copy'; mv '\(path)' '\(path).aside'; mv '\(path).copy' '\(path)'")
            for force in [false, true] {
                for dryRun in [false, true] {
                    let options = DeleteWorkspaceOptions(force: force, dryRun: dryRun)
                    let code = try await Fixture.code {
                        try await fixture.client.deleteWorkspace(workspace.id, options)
                    }
                    #expect(code == "conflict", "\(options)")
                }
            }
            #expect(try await fixture.client.session(session.id).members == 1)
            #expect(Self.exists(path + "/file"))
            try Shell.run("mv '\(path)' '\(path).other'")
            #expect(try await fixture.client.deleteWorkspace(workspace.id).state == .deleted)
            #expect(Self.exists(path + ".other/file") && Self.exists(path + ".aside/file"))
        }
    }

    /// Regression: the guard was asked once, before the teardown and all retries. What came to lie inside meanwhile was moved to the
    /// trash and deleted with the worktree.
    @Test(arguments: ["worktree", "workspace"])
    func `is what came to lie inside while the delete was at work, also with force`(kind: String) async throws {
        try await Fixture.withCheckpoints { fixture, checkpoints in
            let outer = try await fixture.workspace("outer")
            let place = outer.path + "/inner"
            let options = DeleteWorkspaceOptions(force: true, timeout: 20)
            let deletion = try await fixture.delete(outer, options, upTo: "destroyWorktree", checkpoints)
            if kind == "worktree" {
                try fixture.repository.git("worktree add -q -b inner '\(place)'")
            } else {
                try Shell.run("mkdir '\(place)'; echo precious > '\(place)/file'")
                _ = try await fixture.client.createWorkspace(CreateWorkspaceRequest(kind: .adopted, path: place))
            }
            try await checkpoints.resume("destroyWorktree")
            let refused = try await deletion.value
            #expect(refused.state == .deleting, "\(refused)")
            #expect(refused.worktree == .failed)
            #expect(refused.detail?.contains("would go with it") == true, "\(refused.detail ?? "")")
            #expect(Self.exists(place + "/file"))
            if kind == "worktree" {
                try fixture.repository.git("worktree remove '\(place)'")
            } else {
                let inner = try await fixture.client.workspaces().first { $0.path == place }
                _ = try await fixture.client.deleteWorkspace(try #require(inner?.id))
            }
            // Asking again is the way to say that the obstacle is gone.
            let receipt = try await fixture.client.deleteWorkspace(outer.id, options)
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.worktree == .removed)
        }
    }

    /// Regression: a branch that could not be looked for was reported as absent, because the repository was taken for gone.
    @Test func `is a branch of a repository that cannot be asked: it is reported as not deleted`() async throws {
        try await Fixture.withCheckpoints { fixture, checkpoints in
            let workspace = try await fixture.workspace()
            let deletion = try await fixture.delete(
                workspace, DeleteWorkspaceOptions(deleteBranch: true), upTo: "destroyBranch", checkpoints)
            let head = fixture.repository.path + "/.git/HEAD"
            try Shell.run("mv '\(head)' '\(head).aside'; echo nonsense > '\(head)'")
            try await checkpoints.resume("destroyBranch")
            let receipt = try await deletion.value
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.branch == .failed)
            #expect(receipt.warnings.contains { $0.contains("branch one") }, "\(receipt.warnings)")
            try Shell.run("mv '\(head).aside' '\(head)'")
            #expect(try !fixture.repository.git("branch --list one").isEmpty)
        }
    }

    @Test func `does not include a directory that is missing already`() async throws {
        try await Fixture.swept { fixture in
            let workspace = try await fixture.workspace()
            let session = try await fixture.session(workspace, "cd /; exec sleep 1000")
            try Shell.run("rm -rf '\(workspace.path)'")
            let receipt = try await fixture.client.deleteWorkspace(workspace.id)
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.outcome == .confirmed)
            #expect(receipt.worktree == .absent)
            #expect(try fixture.world.inUnit(session.unit).isEmpty)
            #expect(try !fixture.repository.git("worktree list").contains(workspace.id))
        }
    }

    @Test(arguments: [false, true])
    func `is a locked worktree, unless forced`(isMissing: Bool) async throws {
        try await Fixture.swept { fixture in
            let workspace = try await fixture.workspace()
            try fixture.repository.git("worktree lock --reason portable '\(workspace.path)'")
            if isMissing { try Shell.run("rm -rf '\(workspace.path)'") }
            #expect(try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id) } == "dirty")
            #expect(try await fixture.client.workspace(workspace.id).state == .active)
            let receipt = try await fixture.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(force: true))
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.worktree == (isMissing ? .absent : .removed))
            #expect(!Self.exists(workspace.path))
            #expect(try !fixture.repository.git("worktree list").contains(workspace.id))
        }
    }

    @Test func `is a worktree whose repository is gone, unless forced`() async throws {
        try await Fixture.swept { fixture in
            let workspace = try await fixture.workspace()
            try Shell.run("rm -rf '\(fixture.repository.path)'")
            #expect(try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id) } == "dirty")
            #expect(Self.exists(workspace.path + "/file"))
            let receipt = try await fixture.client.deleteWorkspace(
                workspace.id, DeleteWorkspaceOptions(force: true, deleteBranch: true))
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.worktree == .removed)
            #expect(receipt.warnings.contains { $0.contains("is not at") }, "\(receipt.warnings)")
            #expect(!Self.exists(workspace.path))
        }
    }

    @Test func `is a commit that no branch contains, unless forced`() async throws {
        try await Fixture.swept { fixture in
            let workspace = try await fixture.workspace()
            try Shell.run(
                "git checkout -q --detach; echo only > only; git add only; git -c user.name=T -c user.email=t@e.org commit -qm only",
                in: workspace.path)
            #expect(try await Fixture.code { try await fixture.client.deleteWorkspace(workspace.id) } == "dirty")
            #expect(Self.exists(workspace.path + "/only"))
            #expect(
                try await fixture.client.deleteWorkspace(workspace.id, DeleteWorkspaceOptions(force: true)).state
                    == .deleted)
        }
    }

    @Test func `is an adopted directory, also with force`() async throws {
        try await Fixture.swept { fixture in
            let place = fixture.directory.path + "/mine"
            try Shell.run("mkdir '\(place)'; echo precious > '\(place)/file'")
            let workspace = try await fixture.client.createWorkspace(
                CreateWorkspaceRequest(kind: .adopted, path: place)
            ).document
            let session = try await fixture.session(workspace, "exec sleep 1000")
            let receipt = try await fixture.client.deleteWorkspace(
                workspace.id, DeleteWorkspaceOptions(force: true, deleteBranch: true))
            #expect(receipt.state == .deleted, "\(receipt)")
            #expect(receipt.worktree == .notOurs)
            #expect(try fixture.world.inUnit(session.unit).isEmpty)
            #expect(Self.exists(place + "/file"))
        }
    }

    @Test(arguments: ["", "--force"])
    func `is not spared for being asked from inside the workspace itself (I7)`(force: String) async throws {
        try await Fixture.swept { fixture in
            let workspace = try await fixture.workspace()
            let after = fixture.directory.path + "/after"
            let session = try await fixture.session(
                workspace,
                "export CORRAL_SOCKET='\(fixture.host.place.socket)'; '\(Fixture.program)' workspace delete . \(force) > '\(after).log' 2>&1; echo $? > '\(after)'"
            )
            var last: ReceiptDocument?
            do {
                try await fixture.eventually("the workspace is deleted") {
                    last = try await fixture.client.receipts(workspace: workspace.id).first
                    return last?.state == .deleted
                }
            } catch {
                let log = FileManager.default.contents(atPath: after + ".log").map {
                    String(decoding: $0, as: UTF8.self)
                }
                Issue.record("\(error); receipt \(String(describing: last)); the client said \(log ?? "nothing")")
            }
            #expect(last?.outcome == .confirmed)
            #expect(try fixture.world.inUnit(session.unit).isEmpty)
            #expect(!Self.exists(workspace.path))
            #expect(!Self.exists(after), "the client outlived its own workspace")
        }
    }
}
