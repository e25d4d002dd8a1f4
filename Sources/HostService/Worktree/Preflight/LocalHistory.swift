import CgroupPty
import Glibc

/// Whether a repository holds commits that are nowhere else.
struct LocalHistory: Sendable {
    /// Asks the repository.
    let question: GitQuestion
    /// Its git directory.
    let gitDirectory: ByteString

    /// Says what of its history no remote has, nil when a remote has all of it.
    ///
    /// HEAD may also be a tag's commit, as a submodule's often is. The commits at which a shallow clone ends were fetched too,
    /// perhaps by their id alone and so in no remote branch.
    func unpublished() async throws(PreflightDoubt) -> String? {
        // Each revision list ends with `--`: in a git directory `HEAD` is also a file.
        let fetched = try await DiskQuestion(deadline: question.deadline).ask("read \(gitDirectory)/shallow") {
            () throws(SystemCallFailure) in
            try shallowCommits()
        }
        if try await question.ask(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).status == 0 {
            let head = try await question.demand(
                ["rev-list", "--max-count=1", "HEAD", "--not", "--remotes", "--tags"] + fetched + ["--"])
            if !head.standardOutput.isEmpty { return "HEAD is at a commit that no remote has" }
        }
        let branches = try await question.demand(
            ["rev-list", "--max-count=1", "--branches", "--not", "--remotes"] + fetched + ["--"])
        if !branches.standardOutput.isEmpty { return "a branch has commits that no remote has" }
        if try await question.ask(["rev-parse", "--verify", "--quiet", "refs/stash"]).status == 0 { return "a stash" }
        return nil
    }

    /// See: gitrepository-layout(5), `shallow`: one commit id a line.
    private func shallowCommits() throws(SystemCallFailure) -> [ByteString] {
        let path = gitDirectory.appending("shallow")
        let raw: CInt
        do throws(SystemCallFailure) {
            raw = try retryingInterrupted("open", path.description) {
                path.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
            }
        } catch {
            if error.errno == ENOENT { return [] }
            throw error
        }
        let text = try OwnedFileDescriptor(adopting: raw).readToEnd(name: path.description)
        return text.split(separator: UInt8(ascii: "\n")).prefix(Self.shallowLimit).map { ByteString(bytes: $0) }
    }

    /// Ids that fit a command line. With more of them some commits may look unpublished, which errs on the safe side.
    private static let shallowLimit = 1000
}
