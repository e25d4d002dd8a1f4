import CgroupPty
import Glibc

/// Git's registration of one worktree: the directory `worktrees/<id>` in the repository's common git directory.
///
/// `git worktree prune` would drop every registration whose directory is away at this moment, and `git worktree remove` deletes
/// the tree, so this works on the one directory itself. It leaves the place where git looks by one rename, and is deleted then.
/// - SeeAlso: gitrepository-layout(5), `worktrees/<id>/gitdir`; git's builtin/worktree.c, delete_git_dir
struct WorktreeRegistration: Sendable {
    /// A registration.
    struct Entry: Sendable, Equatable {
        /// Name of its directory.
        let id: ByteString
        /// Why it is locked, nil when it is not.
        let lockReason: ByteString?
    }

    /// The common git directory.
    let commonDirectory: ByteString

    private static let removedPrefix = "corral-removed-"

    /// All registrations that name the path, more than one only if somebody edited them.
    /// - Returns: Empty also when there is no repository.
    func entries(of path: ByteString) throws(SystemCallFailure) -> [Entry] {
        let location = try path.realLocation()
        let registrations = commonDirectory.appending("worktrees")
        let stream: DirectoryStream
        do throws(SystemCallFailure) {
            stream = try DirectoryStream(path: registrations)
        } catch {
            if error.errno == ENOENT { return [] }
            throw error
        }
        var found: [Entry] = []
        while let entry = try stream.next() {
            let directory = registrations.appending(entry.name)
            guard let worktree = try Self.worktree(of: directory), worktree.knownLocation() == location else {
                continue
            }
            found.append(Entry(id: entry.name, lockReason: try Self.lockReason(gitDirectory: directory)))
        }
        return found
    }

    /// Why the worktree with this own git directory is locked, nil when it is not.
    static func lockReason(gitDirectory: ByteString) throws(SystemCallFailure) -> ByteString? {
        try firstLine(of: gitDirectory.appending("locked"))
    }

    /// Removes every registration that names the path.
    /// - Parameters:
    ///   - link: What the worktree's own `.git` says; `.missing` where it has none.
    ///   - force: See ``RegistrationOutcome``.
    func remove(_ path: ByteString, link: WorktreeLink, force: Bool) throws(SystemCallFailure) -> RegistrationOutcome {
        let common: OwnedFileDescriptor
        do throws(SystemCallFailure) {
            common = try Self.openDirectory(commonDirectory)
        } catch {
            if error.errno == ENOENT { return .repositoryGone }
            throw error
        }
        try deleteRemoved(common)
        let entries = try entries(of: path)
        if entries.isEmpty { return .absent }
        if !force {
            if let reason = entries.compactMap(\.lockReason).first { return .locked(reason: reason.description) }
            if let conflict = try conflict(entries, link) { return .disagrees(conflict) }
        }
        let registrations = try common.openBeneath(
            "worktrees", flags: O_PATH | O_DIRECTORY, subject: "\(commonDirectory)/worktrees")
        for entry in entries {
            let random = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            try registrations.renameEntry(
                entry.id, to: common, ByteString(Self.removedPrefix + random),
                subject: "\(commonDirectory)/worktrees/\(entry.id)")
        }
        // As git does: it goes with the last one, and is not empty before.
        _ = common.unlinkEntry("worktrees", isDirectory: true)
        try deleteRemoved(common)
        return .removed
    }

    /// Says how the worktree's own `.git` contradicts git's registration; nil when they agree or it says nothing.
    private func conflict(_ entries: [Entry], _ link: WorktreeLink) throws(SystemCallFailure) -> String? {
        switch link {
        case .missing: return nil
        case .repository: return "the worktree has become a repository of its own"
        case .unusable(let why): return why
        case .linked(let target):
            let registered = entries.map { commonDirectory.appending("worktrees").appending($0.id) }
            let named: ByteString
            do throws(SystemCallFailure) {
                named = try target.realPath()
            } catch {
                guard error.errno == ENOENT else { throw error }
                return "the worktree's .git names \(target), which is gone"
            }
            for directory in registered where try directory.realPath() == named { return nil }
            return
                "the worktree's .git names \(target), git has it as \(registered.map(\.description).joined(separator: ", "))"
        }
    }

    /// Deletes registrations that were taken from git's sight, by this call or before a crash.
    private func deleteRemoved(_ common: borrowing OwnedFileDescriptor) throws(SystemCallFailure) {
        let listing = try common.openBeneath(".", flags: O_RDONLY | O_DIRECTORY, subject: commonDirectory.description)
        let stream = try DirectoryStream(adopting: listing, name: commonDirectory.description)
        while let entry = try stream.next() {
            guard entry.name.bytes.starts(with: Self.removedPrefix.utf8) else { continue }
            // What cannot be deleted now is in nobody's way, and is tried again with the next worktree.
            _ = try TreeDeletion.delete(
                entry.name, in: common, inode: nil, label: "\(commonDirectory)/\(entry.name)", while: { true })
        }
    }

    /// The worktree that a registration names, nil when it names none.
    private static func worktree(of directory: ByteString) throws(SystemCallFailure) -> ByteString? {
        // A relative one starts at the registration (git 2.48, worktree.useRelativePaths).
        guard let target = try firstLine(of: directory.appending("gitdir")), !target.bytes.isEmpty,
            target.lastComponent == ".git"
        else { return nil }
        return directory.appending(target).directory
    }

    /// The text of a small file without the newlines at its end, nil when there is no such file.
    private static func firstLine(of path: ByteString) throws(SystemCallFailure) -> ByteString? {
        let name = path.description
        do throws(SystemCallFailure) {
            let raw = try retryingInterrupted("open", name) {
                path.withCString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
            }
            var text = try OwnedFileDescriptor(adopting: raw).readToEnd(name: name, limit: 1 << 16)
            while text.last == UInt8(ascii: "\n") || text.last == UInt8(ascii: "\r") { text.removeLast() }
            return ByteString(bytes: text)
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
            throw error
        }
    }

    private static func openDirectory(_ path: ByteString) throws(SystemCallFailure) -> OwnedFileDescriptor {
        OwnedFileDescriptor(
            adopting: try retryingInterrupted("open", path.description) {
                path.withCString { open($0, O_PATH | O_DIRECTORY | O_CLOEXEC) }
            })
    }
}
