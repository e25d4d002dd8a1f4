import CgroupPty
import Glibc

/// Finds submodules whose own repositories hold what would be lost with the git directory that they lie in.
///
/// The repository of a submodule lies in its worktree's git directory (`worktrees/<id>/modules/<name>`), and goes with the
/// registration: also the one of a submodule that is no longer checked out, and also when the worktree's own branch records a
/// commit that only the submodule has.
struct Submodules: Sendable {
    /// What a look found.
    struct Answer: Sendable {
        /// Names of submodules, each with what would be lost.
        var work: [(name: ByteString, loss: String)] = []
        /// Real paths of the git directories that were looked at.
        var gitDirectories: Set<ByteString> = []
    }

    /// Runs git.
    let git: GitCommand
    /// Real path of the git directory that they lie in.
    let gitDirectory: ByteString
    /// What else goes.
    let extent: WorktreeExtent
    /// When the look is given up.
    let deadline: Deadline

    /// Looks at the history of each; their files are looked at where they are checked out, see ``NestedRepository``.
    func examine() async throws(PreflightDoubt) -> Answer {
        let here = self
        let modules = try await DiskQuestion(deadline: deadline).ask("list \(gitDirectory)/modules") {
            () throws(SystemCallFailure) in
            try here.modules()
        }
        var answer = Answer()
        for (name, module) in modules {
            answer.gitDirectories.insert(module)
            // Git would go to its checkout otherwise, which may be gone.
            let question = GitQuestion(
                git: git, directory: module, options: ["--git-dir=.", "--work-tree=."], deadline: deadline)
            let history = LocalHistory(question: question, gitDirectory: module, extent: extent)
            if let loss = await Self.loss(history) { answer.work.append((name, loss)) }
        }
        return answer
    }

    /// Submodules that are not checked out and have files in their place, with what would be lost: git shows none of those.
    /// - Parameter names: where the index of a checkout has submodules.
    static func filled(
        _ names: [ByteString], in checkout: ByteString, until deadline: Deadline
    ) async throws(PreflightDoubt) -> [(name: ByteString, loss: String)] {
        try await DiskQuestion(deadline: deadline).ask("look at submodules in \(checkout)") {
            () throws(SystemCallFailure) in
            try filled(names, in: checkout)
        }.map { ($0, "files where it is not checked out") }
    }

    private static func filled(
        _ names: [ByteString], in checkout: ByteString
    ) throws(SystemCallFailure) -> [ByteString] {
        var filled: [ByteString] = []
        for name in names {
            let place = checkout.appending(name)
            do throws(SystemCallFailure) {
                // It is looked at as a repository.
                if try place.appending(".git").status() != nil { continue }
                if try DirectoryStream(path: place).next() != nil { filled.append(name) }
            } catch {
                // Nothing is there, or something else, which git shows.
                guard [ENOENT, ENOTDIR, ELOOP].contains(error.errno) else { throw error }
            }
        }
        return filled
    }

    private static func loss(_ history: LocalHistory) async -> String? {
        do throws(PreflightDoubt) { return try await history.unpublished() } catch { return error.why }
    }

    /// Each costs seven runs of git.
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
