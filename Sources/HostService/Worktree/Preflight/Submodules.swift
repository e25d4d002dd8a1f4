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
    func withWork(at paths: [ByteString]) async throws(Doubt) -> [(path: ByteString, work: String)] {
        var found: [(path: ByteString, work: String)] = []
        for (name, module) in try Doubt.about({ () throws(SystemCallFailure) in try modules() }) {
            let question = GitQuestion(git: git, directory: module, options: ["--git-dir=."], deadline: deadline)
            if let work = await Self.unpublished(LocalHistory(question: question, gitDirectory: module)) {
                found.append((name, work))
            }
        }
        for path in paths {
            let directory = worktree.appending(path)
            // Its `.git` is a directory where it was made in place, and not yet moved (git submodule absorbgitdirs).
            let kind = try Doubt.about { () throws(SystemCallFailure) in try directory.appending(".git").status()?.kind }
            guard kind == .directory else { continue }
            let nested = NestedRepository(path: directory, worktree: worktree, git: git, deadline: deadline)
            if let work = await nested.whatWouldBeLost() { found.append((path, work)) }
        }
        return found
    }

    private static func unpublished(_ history: LocalHistory) async -> String? {
        do throws(Doubt) { return try await history.unpublished() } catch { return error.why }
    }

    /// Each costs four runs of git.
    private static let limit = 256

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
