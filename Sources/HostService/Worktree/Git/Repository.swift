import CgroupPty
import Glibc

/// A git repository, found from any path inside it or inside one of its worktrees.
///
/// It is named by its common git directory: that is one real path however the repository was reached.
struct Repository: Sendable {
    /// What came of looking for a repository.
    enum Opening: Sendable {
        case opened(Repository)
        /// Nothing is at the path (`ENOENT`, and nothing else).
        case absent
        /// Something is there, and git does not take it for a repository of ours, for the reason that it gives.
        case notARepository(String)
    }

    /// Runs git in it.
    let git: GitCommand
    /// Real path of the directory that all its worktrees share, for instance `/srv/app/.git`.
    let gitCommonDirectory: String
    /// Real path of the repository's own checkout, nil where there is none (bare).
    let mainWorktree: String?

    /// What people call the repository's path: its own checkout, or its git directory where it is bare.
    var path: String { mainWorktree ?? gitCommonDirectory }

    /// Finds the repository of a path.
    /// - Parameter path: The repository's or a worktree's directory, or one below it.
    /// - Returns: `.notARepository` also for one that belongs to another user (git's `safe.directory`).
    /// - Throws: ``GitFailure`` when git could not be asked.
    static func open(at path: String, git: GitCommand) async throws(GitFailure) -> Opening {
        let real: ByteString
        switch try await resolve(ByteString(path), git) {
        case .success(let found): real = found
        case .failure(let failure): return failure.errno == ENOENT ? .absent : .notARepository(failure.description)
        }
        let answer = try await git.run(["rev-parse", "--path-format=absolute", "--git-common-dir"], in: real)
        if answer.status != 0 { return .notARepository(answer.standardError) }
        let common: ByteString
        switch try await resolve(answer.line, git) {
        case .success(let found): common = found
        case .failure(let failure): return .notARepository(failure.description)
        }
        guard let commonText = common.text else { return .notARepository("\(common): the path is not UTF-8") }
        let main = try await mainWorktree(of: common, from: real, git)
        guard let main else { return .opened(Repository(git: git, gitCommonDirectory: commonText, mainWorktree: nil)) }
        guard let text = main.text else { return .notARepository("\(main): the path is not UTF-8") }
        return .opened(Repository(git: git, gitCommonDirectory: commonText, mainWorktree: text))
    }

    /// Finds a repository again whose ``path`` was stored.
    ///
    /// Unlike ``open(at:git:)`` it does not go up: where the repository's own git directory is gone, another one further up
    /// is not taken for it.
    static func reopen(at path: String, git: GitCommand) async throws(GitFailure) -> Opening {
        let opening = try await open(at: path, git: git)
        guard case .opened(let repository) = opening else { return opening }
        guard repository.path == path else {
            return .notARepository("\(path) is now part of the repository \(repository.path)")
        }
        return opening
    }

    /// The repository's own checkout.
    ///
    /// `git worktree list` derives it from the name of the common directory, which is wrong for a submodule and for
    /// `--separate-git-dir`; asked from inside of it, git knows better.
    private static func mainWorktree(
        of common: ByteString, from path: ByteString, _ git: GitCommand
    ) async throws(GitFailure) -> ByteString? {
        let directory = try await git.run(["rev-parse", "--path-format=absolute", "--git-dir"], in: path)
        if directory.status == 0, try await existing(directory.line, git) == common {
            let top = try await git.run(["rev-parse", "--path-format=absolute", "--show-toplevel"], in: path)
            if top.status == 0, let found = try await existing(top.line, git) { return found }
        }
        if let first = try await worktrees(of: path, git).first, !first.isBare,
            let listed = try await existing(first.path, git), listed != common
        {
            return listed
        }
        // Inside a git directory `core.worktree` still leads to the checkout of a submodule.
        let top = try await git.run(["rev-parse", "--path-format=absolute", "--show-toplevel"], in: common)
        return top.status == 0 ? try await existing(top.line, git) : nil
    }

    /// The real path; nil for a path that leads nowhere.
    private static func existing(_ path: ByteString, _ git: GitCommand) async throws(GitFailure) -> ByteString? {
        switch try await resolve(path, git) {
        case .success(let found): found
        case .failure: nil
        }
    }

    private static let executor = BlockingExecutor(label: "corral.repository")

    /// Resolves a path off the threads of Swift's pool: a disk that is gone answers never.
    private static func resolve(
        _ path: ByteString, _ git: GitCommand
    ) async throws(GitFailure) -> Result<ByteString, SystemCallFailure> {
        let answer = await executor.run(until: .after(git.limit)) { () -> Result<ByteString, SystemCallFailure> in
            do throws(SystemCallFailure) { return .success(try path.realPath()) } catch { return .failure(error) }
        }
        guard let answer else { throw .timedOut(arguments: ["-C", path.description]) }
        return answer
    }
}

extension Repository {
    /// The repository's name where it is part of a path: the last component of ``path`` without `.git`, with every
    /// character that would need quoting replaced by `_`.
    var name: String {
        var base = path.split(separator: "/").last.map(String.init) ?? ""
        if base == ".git" { base = gitCommonDirectory.split(separator: "/").dropLast().last.map(String.init) ?? "" }
        if base.hasSuffix(".git") { base.removeLast(4) }
        let safe = base.unicodeScalars.prefix(Self.nameLimit).map { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".": Character(scalar)
            default: "_" as Character
            }
        }
        let name = String(safe).drop { $0 == "." || $0 == "-" }
        return name.isEmpty ? "repository" : String(name)
    }

    /// Longer names are cut, since a component has 255 bytes at most and some sockets' paths 108 in all.
    private static let nameLimit = 40

    /// Eight hexadecimal digits that tell repositories of the same ``name`` apart.
    ///
    /// FNV-1a of 64 bits over the real path of the common git directory, its halves joined by exclusive or. Not a
    /// cryptographic hash: who can choose a path can choose a collision, and then two repositories share a directory, which
    /// the ids of their workspaces below it do not mind.
    var hash8: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in gitCommonDirectory.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        let folded = String(UInt32(truncatingIfNeeded: hash ^ (hash >> 32)), radix: 16)
        return String(repeating: "0", count: 8 - folded.count) + folded
    }

    /// Directory below the managed root that holds the repository's worktrees.
    var directoryName: String { "\(name)-\(hash8)" }
}
