import CgroupPty
import Glibc

/// Looks whether work would be lost with a worktree's directory.
///
/// Reads only: no hook, no file system monitor, no write to the index. A branch's own commits are not lost, since the branch is
/// kept; what is asked is everything that lives in the directory or in the worktree's own git directory.
struct Preflight: Sendable {
    private let git: GitCommand

    /// - Parameter git: Its limit bounds the whole look.
    init(git: GitCommand) {
        self.git = git
    }

    /// Looks at a worktree.
    /// - Parameters:
    ///   - path: The worktree's directory.
    ///   - commonDirectory: ``Repository/gitCommonDirectory`` of the repository that the worktree was made from, nil when that
    ///     could not be opened. A worktree that belongs to another one is a doubt.
    /// - Returns: Nothing is thrown: what could not be asked is `.couldNotTell`.
    func examine(_ path: String, commonDirectory: String?) async -> PreflightResult {
        do throws(PreflightDoubt) {
            return try await look(ByteString(path).withoutTrailingSlashes, commonDirectory.map { ByteString($0) })
        } catch {
            return .couldNotTell(error.why)
        }
    }

    private func look(_ path: ByteString, _ expected: ByteString?) async throws(PreflightDoubt) -> PreflightResult {
        let deadline = Deadline.after(git.limit)
        let disk = DiskQuestion(deadline: deadline)
        let place = try await disk.ask("look at \(path)") { () throws(SystemCallFailure) in
            try Self.place(of: path, in: expected)
        }
        switch place {
        case .worktree(let gitDirectory):
            let findings = try await findings(path, gitDirectory, deadline)
            return findings.isEmpty ? .clean : .dirty(findings)
        case .missing(locks: let reasons):
            return reasons.isEmpty ? .missing : .dirty(reasons.map { .locked(reason: $0.description) })
        case .repositoryGone(let common): return .repositoryGone(commonDirectory: common.description)
        case .doubtful(let why): throw PreflightDoubt(why: why)
        }
    }

    /// What is at a workspace's path.
    private enum Place: Sendable {
        /// A worktree of the repository, with its own git directory.
        case worktree(ByteString)
        /// Nothing. A lock says that the directory may only be away, on a disk that is not there now.
        case missing(locks: [ByteString])
        case repositoryGone(ByteString)
        case doubtful(String)
    }

    private static func place(of path: ByteString, in expected: ByteString?) throws(SystemCallFailure) -> Place {
        guard let status = try path.status() else {
            guard let expected else { return .missing(locks: []) }
            let entries = try WorktreeRegistration(commonDirectory: expected).entries(of: path)
            return .missing(locks: entries.compactMap(\.lockReason))
        }
        guard status.kind == .directory else { return .doubtful("\(path) is no directory") }
        switch try WorktreeLink.read(in: open(path), of: path) {
        case .linked(let gitDirectory): return try place(of: gitDirectory, expected)
        case .missing: return .doubtful("\(path)/.git is missing, so git cannot say what is in the worktree")
        case .repository: return .doubtful("\(path) is a repository of its own and no worktree")
        case .unusable(let why): return .doubtful(why)
        }
    }

    private static func place(
        of gitDirectory: ByteString, _ expected: ByteString?
    ) throws(SystemCallFailure) -> Place {
        guard let common = WorktreeLink.commonDirectory(of: gitDirectory) else {
            return .doubtful("\(gitDirectory) is no git directory of a worktree")
        }
        if try common.status() == nil { return .repositoryGone(common) }
        if try gitDirectory.status() == nil {
            return .doubtful("\(gitDirectory) is gone: the repository no longer knows the worktree")
        }
        let real = try common.realPath()
        if let expected, real != expected {
            return .doubtful("the worktree belongs to the repository at \(real), not to \(expected)")
        }
        return .worktree(gitDirectory)
    }

    private func findings(
        _ path: ByteString, _ gitDirectory: ByteString, _ deadline: Deadline
    ) async throws(PreflightDoubt) -> [Finding] {
        // The directory named outright: by `core.worktree` git would look elsewhere.
        let question = GitQuestion(git: git, directory: path, options: ["--work-tree=."], deadline: deadline)
        let report = try StatusReport.parse(try await question.demand(StatusReport.command).fields)
        let index = try IndexListing.parse(
            try await question.demand(IndexListing.command, outputLimit: IndexListing.outputLimit).standardOutput)
        var findings: [Finding] = []
        if report.changed.count > 0 { findings.append(.trackedChanges(report.changed)) }
        if report.untracked.count > 0 { findings.append(.untrackedFiles(report.untracked)) }
        let hidden = try await HiddenChanges(question: question, worktree: path).find(index.unwatched)
        if hidden.count > 0 { findings.append(.hiddenChanges(hidden)) }
        let (extent, operations, lock) = try await DiskQuestion(deadline: deadline).ask("read \(gitDirectory)") {
            () throws(SystemCallFailure) in
            (
                WorktreeExtent(worktree: try path.realPath(), gitDirectory: try gitDirectory.realPath()),
                try GitOperation.inProgress(gitDirectory: gitDirectory),
                try WorktreeRegistration.lockReason(gitDirectory: gitDirectory)
            )
        }
        if !operations.isEmpty { findings.append(.operationInProgress(operations)) }
        let reference = HeadReference(question: question)
        if let head = report.head, try await reference.isLost(head) {
            findings.append(.unreferencedHead(commit: head))
        }
        if let commit = try await reference.lostCommit(besides: report.head) {
            findings.append(.unreferencedCommit(commit))
        }
        if let lock { findings.append(.locked(reason: lock.description)) }
        let nested = NestedWork(git: git, worktree: path, extent: extent, deadline: deadline)
        return try await findings + nested.find(report, submodules: index.submodules, isDirty: !findings.isEmpty)
    }

    private static func open(_ path: ByteString) throws(SystemCallFailure) -> OwnedFileDescriptor {
        OwnedFileDescriptor(
            adopting: try retryingInterrupted("open", path.description) {
                path.withCString { Glibc.open($0, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
            })
    }
}
