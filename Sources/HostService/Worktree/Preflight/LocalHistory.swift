import CgroupPty
import Glibc

/// Whether a repository that goes with a worktree holds commits that are nowhere else.
struct LocalHistory: Sendable {
    /// Asks the repository.
    let question: GitQuestion
    /// Its common git directory.
    let gitDirectory: ByteString
    /// What else goes.
    let extent: WorktreeExtent

    /// Says what of its history no remote has, or what else needs it; nil when a remote has all of it.
    ///
    /// What was only fetched a remote has or had, be it in no branch that is there now: HEAD of a submodule is often a tag's commit, or one
    /// that was fetched by its id. That counts where all commits were fetched (see ``HeadReflog``), in the repository's own checkout and in
    /// no other one, and where no tag that came after the clone has commits by whom git takes for the person that works here: a worktree
    /// that is gone has no log. The commits at which a shallow clone ends were fetched too.
    func unpublished() async throws(PreflightDoubt) -> String? {
        let linked = try await linkedWorktrees()
        if let place = try await elsewhere(linked) { return "the worktree at \(place) belongs to it" }
        let disk = DiskQuestion(deadline: question.deadline)
        let (shallow, onlyFetched, later) = try await disk.ask("read \(gitDirectory)") {
            () throws(SystemCallFailure) in
            (try shallowCommits(), try hasOnlyFetched(), try laterTags())
        }
        let head = try await question.head().map { [$0] } ?? []
        var isFetched = onlyFetched && linked.isEmpty && later != nil
        if let later, isFetched, !later.isEmpty {
            let known = head + later.map { "--exclude=" + $0 } + ["--glob=refs/tags"]
            isFetched = try await !hasOwnCommits(of: later, besides: shallow + known)
        }
        let published = shallow + (isFetched ? ["--tags"] + head : [])
        if !head.isEmpty, try await hasCommits(of: head, besides: published) {
            return "HEAD is at a commit that no remote has"
        }
        if try await hasCommits(of: ["--branches"], besides: published) {
            return "a branch has commits that no remote has"
        }
        // The stash is asked for by itself. HEADs of other worktrees are among all refs.
        if try await hasCommits(of: ["--exclude=refs/stash", "--all"], besides: published) {
            return "a ref that is no branch has commits that no remote has"
        }
        if try await question.ask(["rev-parse", "--verify", "--quiet", "refs/stash"]).status == 0 { return "a stash" }
        return nil
    }

    /// The repository's worktrees but its own checkout.
    func linkedWorktrees() async throws(PreflightDoubt) -> [RegisteredWorktree] {
        let listing = try await question.demand(["worktree", "list", "--porcelain", "-z"])
        return Array(RegisteredWorktree.parse(listing.fields).dropFirst())
    }

    /// Where a worktree lies that would stay, and lose its repository. A locked one that is not there may only be away.
    private func elsewhere(_ linked: [RegisteredWorktree]) async throws(PreflightDoubt) -> ByteString? {
        let extent = extent
        return try await DiskQuestion(deadline: question.deadline).ask("look for worktrees of \(gitDirectory)") {
            () throws(SystemCallFailure) -> ByteString? in
            for worktree in linked {
                if extent.contains(try worktree.path.realLocation()) { continue }
                if worktree.lockReason != nil { return worktree.path }
                if try worktree.path.status() != nil { return worktree.path }
            }
            return nil
        }
    }

    /// Whether there are commits by the person that works here which no remote has.
    private func hasOwnCommits(
        of revisions: [ByteString], besides published: [ByteString]
    ) async throws(PreflightDoubt) -> Bool {
        let identity = try await question.ask(["var", "GIT_COMMITTER_IDENT"])
        // Without a name nobody can have committed.
        guard identity.status == 0, let begin = identity.line.bytes.lastIndex(of: UInt8(ascii: "<")),
            let end = identity.line.bytes.lastIndex(of: UInt8(ascii: ">")), begin < end
        else { return false }
        let mail = ByteString(bytes: identity.line.bytes[begin...end])
        return try await hasCommits(
            of: ["--fixed-strings", "--committer=" + mail] + revisions, besides: published)
    }

    private func hasCommits(
        of revisions: [ByteString], besides published: [ByteString]
    ) async throws(PreflightDoubt) -> Bool {
        // What `git maintenance` has fetched ahead is a remote's, too. The list ends with `--`: in a git directory `HEAD` is also a file.
        let answer = try await question.demand(
            ["rev-list", "--max-count=1"] + revisions + ["--not", "--remotes", "--glob=refs/prefetch"] + published
                + ["--"])
        return !answer.standardOutput.isEmpty
    }

    private func hasOnlyFetched() throws(SystemCallFailure) -> Bool {
        do throws(SystemCallFailure) {
            guard let log = try file("logs/HEAD", limit: 16 << 20) else { return false }
            return HeadReflog.showsNoNewCommit(log)
        } catch {
            // So many moves are not those of a clone that nobody worked in.
            if error.errno == EFBIG { return false }
            throw error
        }
    }

    /// Tags that the clone did not bring, which git has put into `packed-refs`: each later one is a file of its own.
    /// - Returns: nil for more than a command line has room for.
    private func laterTags() throws(SystemCallFailure) -> [ByteString]? {
        var tags: [ByteString] = []
        var open: [ByteString] = ["refs/tags"]
        while let directory = open.popLast() {
            guard try gitDirectory.appending(directory).status()?.kind == .directory else { continue }
            let stream = try DirectoryStream(path: gitDirectory.appending(directory))
            while let entry = try stream.next() {
                let name = directory.appending(entry.name)
                switch try gitDirectory.appending(name).status()?.kind {
                case .directory: open.append(name)
                case .regular where !name.bytes.suffix(5).elementsEqual(".lock".utf8): tags.append(name)
                default: break
                }
            }
        }
        return tags.count > Self.tagLimit ? nil : tags
    }

    private static let tagLimit = 1000

    /// See: gitrepository-layout(5), `shallow`: one commit id a line.
    private func shallowCommits() throws(SystemCallFailure) -> [ByteString] {
        guard let text = try file("shallow", limit: 1 << 20) else { return [] }
        return text.split(separator: UInt8(ascii: "\n")).prefix(Self.shallowLimit).map { ByteString(bytes: $0) }
    }

    /// Ids that fit a command line. With more of them some commits may look unpublished, which errs on the safe side.
    private static let shallowLimit = 1000

    /// A file in the git directory, nil when there is none.
    private func file(_ name: ByteString, limit: Int) throws(SystemCallFailure) -> [UInt8]? {
        let path = gitDirectory.appending(name)
        do throws(SystemCallFailure) {
            let raw = try retryingInterrupted("open", path.description) {
                path.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
            }
            return try OwnedFileDescriptor(adopting: raw).readToEnd(name: path.description, limit: limit)
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }
}
