import CgroupPty

/// Finds what would be lost in other repositories with a worktree: in those of its submodules, which lie in its git directory, and in
/// all that lie in its directory, be it beside tracked files, which git then no longer shows, or in ignored directories.
struct NestedWork: Sendable {
    /// Runs git.
    let git: GitCommand
    /// The worktree's directory, as it was named.
    let worktree: ByteString
    /// What goes.
    let extent: WorktreeExtent
    /// When the look is given up.
    let deadline: Deadline

    /// Looks at each.
    /// - Parameters:
    ///   - report: Of the worktree. Repositories that it has as untracked are told by that.
    ///   - submodules: Where the index has some.
    ///   - isDirty: Whether there are other findings. They are told even where this look was not complete: they are enough to refuse.
    func find(
        _ report: StatusReport, submodules: [ByteString], isDirty: Bool
    ) async throws(PreflightDoubt) -> [Finding] {
        let modules = try await Submodules(
            git: git, gitDirectory: extent.gitDirectory, extent: extent, deadline: deadline
        ).examine()
        var inSubmodules: [(name: ByteString, loss: String?)] = report.submodules.map { ($0, nil) }
        let filled = try await Submodules.filled(submodules, in: worktree, until: deadline)
        for (name, loss) in modules.work + filled { inSubmodules.append((name, loss)) }
        var others = NameSample()

        let untracked = report.untrackedRepositories.map { worktree.appending($0) }
        func isUntracked(_ path: ByteString) -> Bool { untracked.contains { path.isAtOrBelow($0) } }
        var checkouts = [worktree]
        var examined = modules.gitDirectories
        var seen: Set<ByteString> = []
        var tops = [worktree]
        while !tops.isEmpty {
            let starts = tops
            tops = []
            let found = try await search(starts)
            if let doubt = found.doubt, !isDirty, inSubmodules.isEmpty { throw PreflightDoubt(why: doubt) }
            for path in found.repositories where !isUntracked(path) {
                checkouts.append(path)
                let nested = NestedRepository(path: path, extent: extent, git: git, deadline: deadline)
                let answer = await nested.examine(without: modules.gitDirectories)
                var isSubmodule = submodules.contains(name(of: path))
                if let directory = answer.gitDirectory {
                    examined.insert(directory)
                    if modules.gitDirectories.contains(directory) { isSubmodule = true }
                }
                guard let loss = answer.loss else { continue }
                if isSubmodule {
                    inSubmodules.append((name(of: path), loss))
                } else {
                    others.add("\(name(of: path)): \(loss)")
                }
            }
            for path in found.gitDirectories where !isUntracked(path) {
                // That of a checkout which lies here too was looked at with it.
                if examined.contains(realPath(of: path)) || !seen.insert(path).inserted { continue }
                switch await gitDirectory(path, checkouts).examine() {
                // Checkouts may lie in a bare one.
                case .plainFiles, .dispensable: if !starts.contains(path) { tops.append(path) }
                case .needed(let loss): others.add("\(name(of: path)): \(loss)")
                }
            }
        }
        var findings: [Finding] = []
        if !inSubmodules.isEmpty { findings.append(.submodules(Self.sample(inSubmodules))) }
        if others.count > 0 { findings.append(.nestedRepositories(others)) }
        return findings
    }

    private func search(_ tops: [ByteString]) async throws(PreflightDoubt) -> RepositorySearch.Answer {
        let deadline = deadline
        return try await DiskQuestion(deadline: deadline).ask("look for repositories in \(worktree)") {
            RepositorySearch(deadline: deadline).search(tops)
        }
    }

    private func gitDirectory(_ path: ByteString, _ checkouts: [ByteString]) -> NestedGitDirectory {
        let around = checkouts.filter { path.isAtOrBelow($0) }.max { $0.bytes.count < $1.bytes.count }
        return NestedGitDirectory(
            path: path, checkout: around ?? worktree, extent: extent, git: git, deadline: deadline)
    }

    /// The path below the worktree, for people.
    private func name(of path: ByteString) -> ByteString {
        path == worktree ? "." : ByteString(bytes: path.bytes.dropFirst(worktree.bytes.count + 1))
    }

    /// The search follows no links, so that only the worktree's own path can have some.
    private func realPath(of path: ByteString) -> ByteString {
        extent.worktree + ByteString(bytes: path.bytes.dropFirst(worktree.bytes.count))
    }

    /// Each name once, with the first remark that there is on it.
    private static func sample(_ found: [(name: ByteString, loss: String?)]) -> NameSample {
        var sample = NameSample()
        var seen: Set<ByteString> = []
        for (name, loss) in found where seen.insert(name).inserted {
            sample.add(loss.map { "\(name): \($0)" } ?? name.description)
        }
        return sample
    }
}
