import CgroupPty
import Foundation
import TestSupport

@testable import HostService

/// A directory of its own with a repository `app` in it, and a managed root `worktrees`. Removed with the last reference.
///
/// Git sees only the configuration in its `home`: nothing of the person's or the machine's that runs the tests.
final class GitFixture: Sendable {
    struct CommandFailed: Error, CustomStringConvertible {
        let description: String
    }

    let root: String
    let environment: [String: String]

    var git: GitCommand { GitCommand(inherited: environment) }
    var app: String { root + "/app" }
    var managedRoot: String { root + "/worktrees" }
    var removal: WorktreeRemoval { WorktreeRemoval(managedRoot: managedRoot) }
    var preflight: Preflight { Preflight(git: git) }

    init() throws {
        var template = Array("/tmp/corral-worktree-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CommandFailed(description: "mkdtemp: errno \(errno)") }
        root = try ByteString(String(cString: made)).realPath().description
        environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": root + "/home", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
        ]
        try sh(
            """
            mkdir home worktrees
            git config --global user.name Test
            git config --global user.email test@example.org
            git config --global init.defaultBranch main
            git config --global protocol.file.allow always
            git config --global advice.detachedHead false
            git init -q app && cd app
            echo one > a.txt && mkdir src && echo two > src/b.txt && echo 'ignored/' > .gitignore
            git add -A && git commit -q -m first
            """)
    }

    deinit {
        // Only ever the absolute path that mkdtemp returned, and only directories get their permissions back: a relative path
        // or a recursive chmod here would reach whatever the tests' own directory is.
        guard root.hasPrefix("/tmp/corral-worktree-"), !root.contains("..") else { return }
        do {
            try run(
                ["find", root, "-xdev", "-type", "d", "!", "-perm", "-700", "-exec", "chmod", "u+rwx", "{}", ";"],
                in: "/tmp", environment)
            try run(["rm", "-rf", "--one-file-system", "--", root], in: "/tmp", environment)
        } catch {
            print("left behind \(root): \(error)")
        }
    }

    /// Runs a script with `sh -e` and returns what it wrote, without the newline at the end.
    @discardableResult
    func sh(_ script: String, in directory: String? = nil) throws -> String {
        try run(["/bin/sh", "-ec", script], in: directory ?? root, environment)
    }

    /// Runs a command line and returns what it wrote, without the newline at the end.
    @discardableResult
    func run(_ arguments: [String], in directory: String, _ environment: [String: String]) throws -> String {
        do {
            var output = try Shell.run(
                ["/bin/sh", "-c", "exec \"$@\" 2>&1", "sh"] + arguments, in: directory, environment,
                name: "\(arguments)")
            while output.last == "\n" { output.removeLast() }
            return output
        } catch {
            throw CommandFailed(description: "\(error)")
        }
    }

    /// The repository `app`.
    func repository() async throws -> Repository {
        try await repository(at: app)
    }

    func repository(at path: String) async throws -> Repository {
        let opening = try await Repository.open(at: path, git: git)
        guard case .opened(let repository) = opening else {
            throw CommandFailed(description: "open \(path): \(opening)")
        }
        return repository
    }

    /// One with another repository beside `app`, `lib`.
    static func withLibrary() throws -> GitFixture {
        let fixture = try GitFixture()
        try fixture.sh("git init -q lib && cd lib && echo lib > lib.c && git add . && git commit -qm lib")
        return fixture
    }

    /// What is found where a nested repository has one thing that would be lost.
    static func nestedWork(_ name: String, _ loss: String) -> [String] {
        ["1 nested repository with work in it (\(name): \(loss))"]
    }

    /// What is lost with a HEAD that was not pushed.
    static let lostHead = "HEAD is at a commit that no remote has"

    /// Makes the worktree of a workspace on a new branch of its name, and returns its path.
    func worktree(_ workspace: String = "w1aaaa", branch: String? = nil) async throws -> String {
        let plan = WorktreePlan(
            repository: try await repository(), workspace: workspace,
            start: .new(branch: branch ?? workspace, base: "HEAD"), managedRoot: managedRoot)
        try run(plan.arguments, in: root, WorktreePlan.environment(from: environment))
        return plan.path
    }

    /// What a look at a worktree of `app` finds, empty when it is clean.
    func findings(_ path: String) async throws -> [String] {
        let result = await preflight.examine(path, commonDirectory: app + "/.git")
        switch result {
        case .clean: return []
        case .dirty(let findings): return findings.map(\.description)
        case .couldNotTell, .missing, .repositoryGone: throw CommandFailed(description: "\(result)")
        }
    }

    /// The directory that is at a path.
    func identity(_ path: String) throws -> FileIdentity {
        guard case .found(let identity) = try removal.identity(of: path) else {
            throw CommandFailed(description: "\(path) is not there")
        }
        return identity
    }

    func exists(_ path: String) throws -> Bool {
        try ByteString(path).status() != nil
    }
}
