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
    func find(_ files: [IndexListing.File]) async throws(Doubt) -> NameSample {
        var changed = NameSample()
        var regular: [IndexListing.File] = []
        for file in files {
            let path = worktree.appending(file.path)
            switch try status(path) {
            case nil: continue
            case .regular where !file.isLink: regular.append(file)
            case .symbolicLink where file.isLink:
                let recorded = try await question.demand(["cat-file", "blob", file.content])
                let target = try Doubt.about { () throws(SystemCallFailure) in
                    try path.linkTarget(name: path.description)
                }
                if target.bytes != recorded.standardOutput { changed.add(file.path) }
            default: changed.add(file.path)
            }
        }
        for start in stride(from: 0, to: regular.count, by: Self.batch) {
            let batch = regular[start..<min(start + Self.batch, regular.count)]
            // With the path given, git applies the same filters as on `git add`.
            let ids = try await question.demand(["hash-object", "--"] + batch.map(\.path)).standardOutput
                .split(separator: UInt8(ascii: "\n"))
            guard ids.count == batch.count else { throw Doubt(why: "git hash-object: answered for other files") }
            for (file, id) in zip(batch, ids) where !id.elementsEqual(file.content.bytes) { changed.add(file.path) }
        }
        return changed
    }

    /// Names in one command line, which the kernel limits to 2 MiB.
    private static let batch = 200

    private func status(_ path: ByteString) throws(Doubt) -> FileStatus.Kind? {
        do throws(SystemCallFailure) {
            return try path.status()?.kind
        } catch {
            // A directory on the way is a file now: then git is not asked about what is below it.
            if error.errno == ENOTDIR { return nil }
            throw Doubt(why: error.description)
        }
    }
}
