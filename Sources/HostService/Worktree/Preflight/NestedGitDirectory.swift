import CgroupPty
import Glibc

/// A git directory that lies inside a worktree under another name than `.git`: a bare repository, or that of a checkout elsewhere
/// (`git init --separate-git-dir`).
struct NestedGitDirectory: Sendable {
    /// What it turned out to be.
    enum Answer: Sendable, Equatable {
        /// Files of the checkout around it that have the names which a git directory has.
        case plainFiles
        /// One with nothing in it that would be lost.
        case dispensable
        /// One with something in it that would be lost; says what.
        case needed(String)
    }

    /// The directory.
    let path: ByteString
    /// The innermost checkout that it lies in.
    let checkout: ByteString
    /// What goes.
    let extent: WorktreeExtent
    /// Runs git.
    let git: GitCommand
    /// When the look is given up.
    let deadline: Deadline

    /// Looks at it. What cannot be told counts as lost (I3).
    func examine() async -> Answer {
        do throws(PreflightDoubt) { return try await look() } catch { return .needed(error.why) }
    }

    private func look() async throws(PreflightDoubt) -> Answer {
        let path = path
        let status = try await DiskQuestion(deadline: deadline).ask("look at \(path)") {
            () throws(SystemCallFailure) in try path.status()
        }
        guard let status else { return .dispensable }
        // As for a ``NestedRepository``.
        if status.owner != geteuid() { return .needed("belongs to another user") }
        if try await isTracked() { return .plainFiles }
        let question = GitQuestion(
            git: git, directory: path, options: ["--git-dir=.", "--work-tree=."], deadline: deadline)
        let opening = try await question.ask(["rev-parse", "--git-dir"])
        if opening.status != 0 {
            if opening.standardError.contains("not a git repository") { return .plainFiles }
            throw PreflightDoubt(why: opening.failure.description)
        }
        let bare = try await question.ask(["config", "--type=bool", "--get", "core.bare"])
        if bare.line != "true" { return .needed("git directory of a worktree elsewhere") }
        let history = LocalHistory(question: question, gitDirectory: path, extent: extent)
        if try await isMirror(question), try await history.linkedWorktrees().isEmpty { return .dispensable }
        guard let loss = try await history.unpublished() else { return .dispensable }
        return .needed(loss)
    }

    /// Whether the checkout around it has all of its files in its index: a sample for tests, which its branch keeps.
    private func isTracked() async throws(PreflightDoubt) -> Bool {
        let below = ByteString(bytes: path.bytes.dropFirst(checkout.bytes.count + 1))
        let place: ByteString = below.bytes.isEmpty ? "." : ":(literal)" + below
        let question = GitQuestion(git: git, directory: checkout, options: ["--work-tree=."], deadline: deadline)
        let files = try await question.demand(
            ["ls-files", "-t", "--cached", "--others", "-z", "--", place], outputLimit: IndexListing.outputLimit
        ).fields
        return !files.isEmpty && !files.contains { $0.bytes.first == UInt8(ascii: "?") }
    }

    /// Whether each of its refs is a remote's, as `git clone --mirror` makes it (SwiftPM's `.build/repositories`): a fetch overwrites
    /// what else there is. One that is a mirror only for pushes (`git remote add --mirror=push`) fetches nothing.
    private func isMirror(_ question: GitQuestion) async throws(PreflightDoubt) -> Bool {
        let answer = try await question.ask(["config", "-z", "--get-regexp", #"^remote\..*\.(mirror|fetch)$"#])
        let settings = answer.fields.compactMap(\.text)
        let mirror = ".mirror\ntrue"
        return settings.contains { setting in
            setting.hasSuffix(mirror)
                && settings.contains(String(setting.dropLast(mirror.count)) + ".fetch\n+refs/*:refs/*")
        }
    }
}
