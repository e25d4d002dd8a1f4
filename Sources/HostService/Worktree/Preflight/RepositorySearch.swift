import CgroupPty
import Glibc

/// Looks for repositories below directories that git ignores, and so does not look into.
struct RepositorySearch: Sendable {
    /// What a search found.
    struct Answer: Sendable, Equatable {
        /// Directories with a `.git` entry.
        var repositories: [ByteString] = []
        /// Why the search is not complete, nil when it is.
        var doubt: String?
    }

    /// A directory of dependencies holds up to some 100,000 entries; 2,000,000 take about 2 s.
    static let entryLimit = 2_000_000
    /// Each one found costs four runs of git.
    static let repositoryLimit = 256

    /// When the search is given up.
    let deadline: Deadline

    /// Looks at each directory and below it. Follows no links. A repository inside a repository counts too.
    func search(_ directories: [ByteString]) -> Answer {
        var answer = Answer()
        var open = directories
        var entries = 0
        while let path = open.popLast() {
            do throws(SystemCallFailure) {
                let directory = try DirectoryStream(path: path)
                while let entry = try directory.next() {
                    entries += 1
                    if entries > Self.entryLimit {
                        answer.doubt =
                            "look for repositories in ignored directories: more than \(Self.entryLimit) entries"
                        return answer
                    }
                    if entry.name == ".git" {
                        answer.repositories.append(path)
                    } else if try isDirectory(entry, in: path) {
                        open.append(path.appending(entry.name))
                    }
                }
            } catch {
                // A build that still runs removes directories under our eyes.
                if error.errno != ENOENT {
                    answer.doubt = "look for repositories in ignored directories: \(error)"
                    return answer
                }
            }
            if answer.repositories.count > Self.repositoryLimit {
                answer.doubt = "more than \(Self.repositoryLimit) repositories in ignored directories"
                return answer
            }
            if deadline.hasPassed {
                answer.doubt = "look for repositories in ignored directories: not done in time, at \(path)"
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
