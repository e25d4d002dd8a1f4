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
        let question = GitQuestion(git: git, directory: path, deadline: deadline)
        let report = try StatusReport.parse(try await question.demand(StatusReport.command).fields)
        let index = try IndexListing.parse(
            try await question.demand(IndexListing.command, outputLimit: IndexListing.outputLimit).standardOutput)
        var findings: [Finding] = []
        if report.changed.count > 0 { findings.append(.trackedChanges(report.changed)) }
        if report.untracked.count > 0 { findings.append(.untrackedFiles(report.untracked)) }
        let hidden = try await HiddenChanges(question: question, worktree: path).find(index.unwatched)
        if hidden.count > 0 { findings.append(.hiddenChanges(hidden)) }
        let (operations, lock) = try await DiskQuestion(deadline: deadline).ask("read \(gitDirectory)") {
            () throws(SystemCallFailure) in
            (
                try GitOperation.inProgress(gitDirectory: gitDirectory),
                try WorktreeRegistration.lockReason(gitDirectory: gitDirectory)
            )
        }
        if !operations.isEmpty { findings.append(.operationInProgress(operations)) }
        if report.isDetached, let head = report.head {
            let isContained = try await HeadReference(question: question).isContained(head)
            if !isContained { findings.append(.unreferencedHead(commit: head)) }
        }
        if let lock { findings.append(.locked(reason: lock.description)) }

        let submodules = Submodules(git: git, worktree: path, gitDirectory: gitDirectory, deadline: deadline)
        let submoduleWork = try await submodules.withWork(at: index.submodules)
        let submoduleNames = Self.sample(report.submodules.map { ($0, nil) } + submoduleWork.map { ($0.path, $0.work) })
        if submoduleNames.count > 0 { findings.append(.submodules(submoduleNames)) }

        let ignored = try await ignoredRepositories(report.ignoredDirectories, path, deadline, findings)
        if ignored.count > 0 { findings.append(.ignoredRepositories(ignored)) }
        return findings
    }

    private func ignoredRepositories(
        _ directories: [ByteString], _ path: ByteString, _ deadline: Deadline, _ others: [Finding]
    ) async throws(PreflightDoubt) -> NameSample {
        var sample = NameSample()
        if directories.isEmpty { return sample }
        let found = try await DiskQuestion(deadline: deadline).ask("look for repositories in ignored directories") {
            RepositorySearch(deadline: deadline).search(directories.map { path.appending($0) })
        }
        // Other findings are told even where this look was not complete: they are enough to refuse.
        if let doubt = found.doubt, others.isEmpty { throw PreflightDoubt(why: doubt) }
        for repository in found.repositories {
            let nested = NestedRepository(path: repository, worktree: path, git: git, deadline: deadline)
            guard let loss = await nested.whatWouldBeLost() else { continue }
            sample.add("\(ByteString(bytes: repository.bytes.dropFirst(path.bytes.count + 1))): \(loss)")
        }
        return sample
    }

    /// Each path once, with the first remark that there is on it.
    private static func sample(_ found: [(path: ByteString, work: String?)]) -> NameSample {
        var sample = NameSample()
        var seen: Set<ByteString> = []
        for (path, work) in found where seen.insert(path).inserted {
            sample.add(work.map { "\(path): \($0)" } ?? path.description)
        }
        return sample
    }

    private static func open(_ path: ByteString) throws(SystemCallFailure) -> OwnedFileDescriptor {
        OwnedFileDescriptor(
            adopting: try retryingInterrupted("open", path.description) {
                path.withCString { Glibc.open($0, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
            })
    }
}
