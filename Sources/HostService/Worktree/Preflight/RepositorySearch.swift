import CgroupPty
import Glibc

/// Looks for repositories in a worktree's directory. Git itself shows none that lies beside tracked files, and looks into no directory
/// that it ignores.
struct RepositorySearch: Sendable {
    /// What a search found.
    struct Answer: Sendable, Equatable {
        /// Directories with a `.git` entry.
        var repositories: [ByteString] = []
        /// Directories with the entries that a git directory has. Only git can say whether they are some.
        var gitDirectories: [ByteString] = []
        /// Why the search is not complete, nil when it is.
        var doubt: String?
    }

    /// Every entry of the worktree is read once, but none of a file: 2,000,000 take about 2 s when the kernel has them in memory, and as
    /// long as the disk needs for it otherwise. That is a source tree with some 100,000 files, its build directory, and a dozen directories
    /// of dependencies. What has more of them is left to `--force`.
    static let entryLimit = 2_000_000
    /// Each one found costs a dozen runs of git.
    static let repositoryLimit = 256

    /// What git asks of a git directory before it looks into it.
    /// - SeeAlso: git's setup.c, is_git_directory
    private static let marks: [ByteString] = ["HEAD", "objects", "refs"]
    private static let link: ByteString = ".git"

    /// When the search is given up.
    let deadline: Deadline

    /// Looks below each directory. Follows no links, and goes into no `.git`. A repository inside a repository counts too.
    /// - Parameter tops: Their own `.git` entries do not count. Below each the search goes on even where it looks like a git directory;
    ///   below another one it does not.
    func search(_ tops: [ByteString]) -> Answer {
        var answer = Answer()
        var open = tops
        var entries = 0
        while let path = open.popLast() {
            let isTop = tops.contains(path)
            var directories: [ByteString] = []
            var marks = 0
            do throws(SystemCallFailure) {
                let directory = try DirectoryStream(path: path)
                while let entry = try directory.next() {
                    entries += 1
                    if entries > Self.entryLimit {
                        answer.doubt = "look for repositories: more than \(Self.entryLimit) entries"
                        return answer
                    }
                    if entry.name == Self.link {
                        if !isTop { answer.repositories.append(path) }
                        continue
                    }
                    if Self.marks.contains(entry.name) { marks += 1 }
                    if try isDirectory(entry, in: path) { directories.append(path.appending(entry.name)) }
                }
            } catch {
                // A build that still runs removes directories under our eyes.
                if error.errno != ENOENT {
                    answer.doubt = "look for repositories: \(error)"
                    return answer
                }
            }
            let isGitDirectory = marks == Self.marks.count
            if isGitDirectory { answer.gitDirectories.append(path) }
            if isTop || !isGitDirectory { open += directories }
            if answer.repositories.count + answer.gitDirectories.count > Self.repositoryLimit {
                answer.doubt = "look for repositories: more than \(Self.repositoryLimit) of them"
                return answer
            }
            if deadline.hasPassed {
                answer.doubt = "look for repositories: not done in time, at \(path)"
                return answer
            }
        }
        return answer
    }

    private func isDirectory(_ entry: DirectoryStream.Entry, in path: ByteString) throws(SystemCallFailure) -> Bool {
        if let known = entry.isDirectory { return known }
        return try path.appending(entry.name).status()?.kind == .directory
    }
}
