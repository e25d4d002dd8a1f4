import CgroupPty
import Glibc

/// Decides whether a directory may be removed at all, whatever is in it. Force does not change the answer.
///
/// It resolves paths, and so blocks: for a thread of its own.
struct DeleteGuard: Sendable {
    /// The answer.
    enum Verdict: Sendable, Equatable {
        case allowed
        /// The path is the repository's own checkout, or contains the repository; says which.
        case mainWorktree(String)
        /// Other worktrees or workspaces, or the repositories of such, lie at or below the path, and would go with it; names them.
        case nested([String])
        /// The kernel did not say where a path leads (I3); says which, and its answer.
        case couldNotTell(String)
    }

    /// Nil when the repository is gone.
    let repository: Repository?
    /// What git has registered in it.
    let registered: [RegisteredWorktree]
    /// Paths of all other workspaces that Corral knows, by id.
    let otherWorkspaces: [String: String]
    /// Whose repository lies where: one of its workspaces, by its path.
    let otherRepositories: [String: String]
    /// Told before each path is resolved, so that a caller who gives up knows which one did not answer.
    var willResolve: @Sendable (String) -> Void = { _ in }

    /// Judges a workspace's path, both as it is written and as the kernel resolves it now, so that a link in its place does not
    /// lead past the guard.
    func judge(_ path: String) -> Verdict {
        do throws(SystemCallFailure) {
            return try judge(ByteString(path).withoutTrailingSlashes)
        } catch {
            return .couldNotTell(error.description)
        }
    }

    private func judge(_ path: ByteString) throws(SystemCallFailure) -> Verdict {
        willResolve("\(path)")
        let location = try path.realLocation()
        var mine = [location]
        do throws(SystemCallFailure) {
            mine.append(try path.realPath())
        } catch {
            guard Self.leadsNowhere(error) else { throw error }
        }
        func isInside(_ other: ByteString) -> Bool {
            willResolve("\(other)")
            return Self.places(of: other).contains { place in mine.contains { place.isAtOrBelow($0) } }
        }
        if let repository {
            for own in [repository.mainWorktree, repository.gitCommonDirectory].compactMap({ $0 })
            where isInside(ByteString(own)) {
                return .mainWorktree(own)
            }
        }
        var nested: [String] = []
        for worktree in registered where worktree.path.knownLocation() != location && isInside(worktree.path) {
            nested.append("worktree \(worktree.path)")
        }
        for (id, other) in otherWorkspaces.sorted(by: { $0.key < $1.key }) where isInside(ByteString(other)) {
            nested.append("workspace \(id) at \(ByteString(other))")
        }
        for (other, id) in otherRepositories.sorted(by: { $0.key < $1.key }) where isInside(ByteString(other)) {
            nested.append("the repository of workspace \(id) at \(ByteString(other))")
        }
        return nested.isEmpty ? .allowed : .nested(nested)
    }

    /// Where another path lies and where it leads. One that cannot be resolved counts as it is written: git and Corral write
    /// down real paths.
    private static func places(of path: ByteString) -> [ByteString] {
        do throws(SystemCallFailure) {
            return [path.knownLocation(), try path.realPath()]
        } catch {
            return [path.knownLocation()]
        }
    }

    private static func leadsNowhere(_ failure: SystemCallFailure) -> Bool {
        switch failure.errno {
        case ENOENT, ENOTDIR, ELOOP: true
        default: false
        }
    }
}
