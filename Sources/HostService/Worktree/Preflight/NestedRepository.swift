import CgroupPty
import Glibc

/// A checkout that lies inside a worktree: of a submodule, of a repository that lies there too, or of one elsewhere.
struct NestedRepository: Sendable {
    /// What a look at it found.
    struct Answer: Sendable, Equatable {
        /// Real path of its own git directory, nil where git did not say.
        var gitDirectory: ByteString?
        /// What would be lost with its directory, nil when nothing would that a fresh clone would not bring back.
        var loss: String?
    }

    /// Directory that holds its `.git`.
    let path: ByteString
    /// What goes.
    let extent: WorktreeExtent
    /// Runs git.
    let git: GitCommand
    /// When the look is given up.
    let deadline: Deadline

    /// Looks as closely as at the worktree itself.
    ///
    /// What build tools check out (SwiftPM, CMake) is clean and published, and no reason to keep a worktree.
    /// What cannot be told counts as lost (I3).
    /// - Parameter histories: Git directories whose commits, branches and stash are judged elsewhere (``Submodules``).
    func examine(without histories: Set<ByteString>) async -> Answer {
        var answer = Answer()
        do throws(PreflightDoubt) {
            guard let owner = try await owner() else { return answer }
            // Named outright, so that a broken one is not passed over for the worktree around it. Git then no longer checks whose
            // it is before it believes its configuration, so we do.
            if owner != geteuid() {
                answer.loss = "belongs to another user"
                return answer
            }
            let own = try await directory("--git-dir")
            answer.gitDirectory = own
            answer.loss = try await lossOfFiles(own)
            if answer.loss == nil, !histories.contains(own) { answer.loss = try await lossOfCommits(own) }
        } catch {
            answer.loss = error.why
        }
        return answer
    }

    private var disk: DiskQuestion { DiskQuestion(deadline: deadline) }

    private var question: GitQuestion {
        GitQuestion(git: git, directory: path, options: ["--git-dir=.git", "--work-tree=."], deadline: deadline)
    }

    /// Who owns the `.git` entry, nil when it is gone.
    private func owner() async throws(PreflightDoubt) -> UInt32? {
        let entry = path.appending(".git")
        return try await disk.ask("look at \(entry)") { () throws(SystemCallFailure) in try entry.status()?.owner }
    }

    /// Real path of a directory that git names.
    private func directory(_ which: ByteString) async throws(PreflightDoubt) -> ByteString {
        let answer = try await question.demand(["rev-parse", "--path-format=absolute", which]).line
        return try await disk.ask("resolve \(answer)") { () throws(SystemCallFailure) in try answer.realPath() }
    }

    private func lossOfFiles(_ own: ByteString) async throws(PreflightDoubt) -> String? {
        let report = try StatusReport.parse(try await question.demand(StatusReport.command).fields)
        if report.hasChanges { return "changed or untracked files" }
        let index = try IndexListing.parse(
            try await question.demand(IndexListing.command, outputLimit: IndexListing.outputLimit).standardOutput)
        let hidden = try await HiddenChanges(question: question, worktree: path).find(index.unwatched)
        if hidden.count > 0 { return "changes hidden from git status" }
        if let filled = try await Submodules.filled(index.submodules, in: path, until: deadline).first {
            return "submodule \(filled.name): \(filled.loss)"
        }
        let operations = try await disk.ask("read \(own)") { () throws(SystemCallFailure) in
            try GitOperation.inProgress(gitDirectory: own)
        }
        return operations.isEmpty ? nil : Finding.operationInProgress(operations).description
    }

    private func lossOfCommits(_ own: ByteString) async throws(PreflightDoubt) -> String? {
        let common = try await directory("--git-common-dir")
        if extent.contains(common) {
            let history = LocalHistory(question: question, gitDirectory: common, extent: extent)
            if let loss = try await history.unpublished() { return loss }
            let submodules = Submodules(git: git, gitDirectory: own, extent: extent, deadline: deadline)
            return try await submodules.examine().work.first.map { "submodule \($0.name): \($0.loss)" }
        }
        // A worktree of a repository elsewhere: what its refs contain stays.
        let reference = HeadReference(question: question)
        let head = try await question.head()?.text
        if let head, try await reference.isLost(head) { return "HEAD is on no branch" }
        if try await reference.lostCommit(besides: head) != nil { return "only a ref of this worktree has its commits" }
        return nil
    }
}
