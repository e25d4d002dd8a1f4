import CgroupPty
import Glibc

/// The empty directory that a worktree is made in, which `git worktree add` takes as well as a missing one.
///
/// Guarantees that an undo can tell what a creation has made from what was there before: the directory is made under a name that
/// nobody else uses, its identity is recorded, and only then it takes its place, over nothing. A crash between two of these leaves an
/// empty directory that stands in nobody's way.
///
/// Every function blocks, and is for a thread of its own.
struct WorktreeDirectory: Sendable {
    /// Which directory it is, whatever its name.
    let identity: FileIdentity
    private let managedRoot: String
    private let parent: ByteString
    private let draft: ByteString
    private let name: ByteString

    /// Makes it.
    /// - Parameters:
    ///   - path: where it is to lie in the end: two levels below the root.
    ///   - managedRoot: absolute path of the directory that holds all worktrees.
    static func make(
        for path: String, below managedRoot: String
    ) throws(SystemCallFailure) -> WorktreeDirectory {
        let path = ByteString(path)
        let (parent, name) = (path.directory.lastComponent, path.lastComponent)
        let root = try openRoot(managedRoot)
        let raw = root.withRawValue { $0 }
        if parent.withCString({ mkdirat(raw, $0, 0o777) }) != 0, errno != EEXIST {
            throw SystemCallFailure(call: "mkdirat", subject: path.directory.description, errno: errno)
        }
        let draft = ByteString(".\(name)-\(SessionID.mint())")
        let directory = try root.openBeneath(parent, flags: O_PATH | O_DIRECTORY, subject: path.directory.description)
        try directory.withRawValue { raw throws(SystemCallFailure) in
            _ = try retryingInterrupted("mkdirat", draft.description) { draft.withCString { mkdirat(raw, $0, 0o777) } }
        }
        let made = try directory.openBeneath(draft, flags: O_PATH | O_DIRECTORY, subject: draft.description)
        return WorktreeDirectory(
            identity: try made.identity(name: draft.description), managedRoot: managedRoot, parent: parent,
            draft: draft, name: name)
    }

    /// Puts it in its place.
    /// - Returns: false when that is taken, by whatever it may be; then nothing was changed.
    func takePlace() throws(SystemCallFailure) -> Bool {
        let directory = try openParent()
        do throws(SystemCallFailure) {
            try directory.renameEntry(draft, to: directory, name, subject: name.description)
            return true
        } catch {
            guard error.errno == EEXIST else { throw error }
            return false
        }
    }

    /// Removes it while it has not taken its place. One that is away is no failure.
    func discard() throws(SystemCallFailure) {
        let code = try openParent().unlinkEntry(draft, isDirectory: true)
        if code != 0 { throw SystemCallFailure(call: "unlinkat", subject: draft.description, errno: code) }
    }

    private func openParent() throws(SystemCallFailure) -> OwnedFileDescriptor {
        try Self.openRoot(managedRoot).openBeneath(parent, flags: O_PATH | O_DIRECTORY, subject: parent.description)
    }

    private static func openRoot(_ path: String) throws(SystemCallFailure) -> OwnedFileDescriptor {
        try OwnedFileDescriptor.open(path: path, flags: O_PATH | O_DIRECTORY)
    }
}
