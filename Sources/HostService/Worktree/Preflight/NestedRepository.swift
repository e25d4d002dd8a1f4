import CgroupPty
import Glibc

/// A repository that lies inside a worktree without belonging to it.
struct NestedRepository: Sendable {
    /// Directory that holds its `.git`.
    let path: ByteString
    /// The worktree that it lies in.
    let worktree: ByteString
    /// Runs git.
    let git: GitCommand
    /// When the look is given up.
    let deadline: Deadline

    /// Says what would be lost with its directory; nil when nothing would that a fresh clone would not bring back.
    ///
    /// What build tools check out (SwiftPM, CMake) is clean and published, and no reason to keep a worktree.
    /// What cannot be told counts as lost (I3).
    func whatWouldBeLost() async -> String? {
        do throws(PreflightDoubt) { return try await look() } catch { return error.why }
    }

    private func look() async throws(PreflightDoubt) -> String? {
        let entry = path.appending(".git")
        let disk = DiskQuestion(deadline: deadline)
        let status = try await disk.ask("look at \(entry)") { () throws(SystemCallFailure) in try entry.status() }
        guard let status else { return nil }
        // Named outright, so that a broken one is not passed over for the worktree around it. Git then no longer checks whose
        // it is before it believes its configuration, so we do.
        if status.owner != geteuid() { return "belongs to another user" }
        let question = GitQuestion(
            git: git, directory: path, options: ["--git-dir=.git", "--work-tree=."], deadline: deadline)
        let report = try StatusReport.parse(try await question.demand(StatusReport.command).fields)
        if report.hasChanges { return "changed or untracked files" }
        let answer = try await question.demand(["rev-parse", "--path-format=absolute", "--git-common-dir"]).line
        let worktree = worktree
        let (directory, isInside) = try await disk.ask("resolve \(answer)") { () throws(SystemCallFailure) in
            let directory = try answer.realPath()
            return (directory, directory.isAtOrBelow(try worktree.realPath()))
        }
        if isInside {
            return try await LocalHistory(question: question, gitDirectory: directory).unpublished()
        }
        // A worktree of a repository elsewhere: what its refs contain stays.
        guard report.isDetached, let head = report.head else { return nil }
        return try await HeadReference(question: question).isContained(head) ? nil : "HEAD is on no branch"
    }
}
