import CgroupPty
import Glibc

/// Finds submodules of a worktree whose own repositories hold what would be lost with it.
///
/// The repository of a submodule lies in its worktree's git directory (`worktrees/<id>/modules/<name>`), and goes with the
/// registration: also the one of a submodule that is no longer checked out, and also when the worktree's own branch records a
/// commit that only the submodule has.
struct Submodules: Sendable {
    /// Runs git.
    let git: GitCommand
    /// The worktree's directory.
    let worktree: ByteString
    /// The worktree's own git directory.
    let gitDirectory: ByteString
    /// When the look is given up.
    let deadline: Deadline

    /// Names each with what would be lost.
    /// - Parameter paths: Where the index has submodules.
    func withWork(at paths: [ByteString]) async throws(PreflightDoubt) -> [(path: ByteString, work: String)] {
        var found: [(path: ByteString, work: String)] = []
        let disk = DiskQuestion(deadline: deadline)
        let here = self
        let modules = try await disk.ask("list \(gitDirectory)/modules") { () throws(SystemCallFailure) in
            try here.modules()
        }
        for (name, module) in modules {
            let question = GitQuestion(git: git, directory: module, options: ["--git-dir=."], deadline: deadline)
            if let work = await Self.unpublished(LocalHistory(question: question, gitDirectory: module)) {
                found.append((name, work))
            }
        }
        let inPlace = try await disk.ask("look at submodules in \(worktree)") { () throws(SystemCallFailure) in
            try here.madeInPlace(paths)
        }
        for path in inPlace {
            let nested = NestedRepository(
                path: worktree.appending(path), worktree: worktree, git: git, deadline: deadline)
            if let work = await nested.whatWouldBeLost() { found.append((path, work)) }
        }
        return found
    }

    private static func unpublished(_ history: LocalHistory) async -> String? {
        do throws(PreflightDoubt) { return try await history.unpublished() } catch { return error.why }
    }

    /// Each costs four runs of git.
    private static let limit = 256

    /// Those whose `.git` is a directory: they were made in the worktree, and not yet moved (git submodule absorbgitdirs).
    private func madeInPlace(_ paths: [ByteString]) throws(SystemCallFailure) -> [ByteString] {
        var found: [ByteString] = []
        for path in paths where try worktree.appending(path).appending(".git").status()?.kind == .directory {
            found.append(path)
        }
        return found
    }

    /// Git directories below `modules`, by their names, those of submodules of submodules too.
    private func modules() throws(SystemCallFailure) -> [(name: ByteString, directory: ByteString)] {
        var found: [(name: ByteString, directory: ByteString)] = []
        let top = gitDirectory.appending("modules")
        guard try top.status() != nil else { return [] }
        var open: [(name: ByteString, directory: ByteString)] = [("", top)]
        while let (name, directory) = open.popLast() {
            if try directory.appending("HEAD").status() != nil, try directory.appending("objects").status() != nil {
                found.append((name, directory))
                if found.count > Self.limit {
                    throw SystemCallFailure(call: "count submodules", subject: top.description, errno: E2BIG)
                }
                let below = directory.appending("modules")
                if try below.status() != nil { open.append((name, below)) }
                continue
            }
            let stream = try DirectoryStream(path: directory)
            while let entry = try stream.next() {
                let path = directory.appending(entry.name)
                guard try path.status()?.kind == .directory else { continue }
                open.append((name.bytes.isEmpty ? entry.name : name.appending(entry.name), path))
            }
        }
        return found
    }
}
