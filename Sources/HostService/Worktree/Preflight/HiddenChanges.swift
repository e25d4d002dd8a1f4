import CgroupPty
import Glibc

/// Finds changes of files at which git was told not to look.
///
/// `git update-index --assume-unchanged` and `--skip-worktree` are how people keep a local change out of `git status`: the very
/// work that a look at `git status` loses.
struct HiddenChanges: Sendable {
    /// Asks the worktree.
    let question: GitQuestion
    /// The worktree's directory.
    let worktree: ByteString

    /// Names the files whose content is not the recorded one. A file that is not on disk holds no work.
    func find(_ files: [IndexListing.File]) async throws(PreflightDoubt) -> NameSample {
        var changed = NameSample()
        var regular: [IndexListing.File] = []
        for (file, content) in try await present(files) {
            switch content {
            case .file where !file.isLink: regular.append(file)
            case .link(let target) where file.isLink:
                let recorded = try await question.demand(["cat-file", "blob", file.content])
                if target.bytes != recorded.standardOutput { changed.add(file.path) }
            case .file, .link, .other: changed.add(file.path)
            }
        }
        for start in stride(from: 0, to: regular.count, by: Self.batch) {
            let batch = regular[start..<min(start + Self.batch, regular.count)]
            // With the path given, git applies the same filters as on `git add`.
            let ids = try await question.demand(["hash-object", "--"] + batch.map(\.path)).standardOutput
                .split(separator: UInt8(ascii: "\n"))
            guard ids.count == batch.count else {
                throw PreflightDoubt(why: "git hash-object: answered for other files")
            }
            for (file, id) in zip(batch, ids) where !id.elementsEqual(file.content.bytes) { changed.add(file.path) }
        }
        return changed
    }

    /// Names in one command line, which the kernel limits to 2 MiB.
    private static let batch = 200

    private enum Content: Sendable {
        case file
        case link(ByteString)
        case other
    }

    /// Those of the files that are on disk, and what is there.
    private func present(
        _ files: [IndexListing.File]
    ) async throws(PreflightDoubt) -> [(file: IndexListing.File, content: Content)] {
        let worktree = worktree
        let disk = DiskQuestion(deadline: question.deadline)
        return try await disk.ask("look at files in \(worktree)") { () throws(SystemCallFailure) in
            var present: [(file: IndexListing.File, content: Content)] = []
            for file in files {
                if let content = try Self.content(of: worktree.appending(file.path)) { present.append((file, content)) }
            }
            return present
        }
    }

    private static func content(of path: ByteString) throws(SystemCallFailure) -> Content? {
        do throws(SystemCallFailure) {
            switch try path.status()?.kind {
            case nil: return nil
            case .regular: return .file
            case .symbolicLink: return .link(try path.linkTarget(name: path.description))
            case .directory, .other: return .other
            }
        } catch {
            // A directory on the way is a file now, which git is not asked to overlook.
            if error.errno == ENOTDIR { return nil }
            throw error
        }
    }
}
