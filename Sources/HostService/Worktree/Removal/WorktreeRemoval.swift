import CgroupPty
import Glibc

/// Takes a worktree off the disk.
///
/// Git never deletes the tree: it follows a link that was put in the worktree's place, and goes into mounts. Instead the
/// directory is reached without following links, compared with what was recorded when it was made, and renamed into the
/// trash, which is one step that happens or does not. Only then git's registration goes, and at last the files.
///
/// Every function blocks, can be called again after a crash at any moment (I7), and is for a thread of its own.
struct WorktreeRemoval: Sendable {
    /// What is at a workspace's path.
    enum Identity: Sendable, Equatable {
        case found(FileIdentity)
        case absent
        case refused(RemovalRefusal)
    }

    /// What came of moving aside.
    enum MoveOutcome: Sendable, Equatable {
        /// It lies in the trash under the recorded name, from this call or an earlier one.
        case movedAside
        /// Nothing is at the path (`ENOENT` below a root that is there, and nothing else), and nothing in the trash.
        case absent
        case refused(RemovalRefusal)
    }

    /// Name of the trash in the managed root: on the same file system, so that a rename reaches it.
    static let trash: ByteString = ".trash"

    /// Absolute path of the directory that holds all worktrees.
    let managedRoot: String

    /// Tells which directory is at the path, by a descriptor that was opened without following links: to be recorded right
    /// after a worktree was made, or before one is undone whose creation crashed before that.
    /// - Throws: ``SystemCallFailure``, also `ENOENT` when the managed root itself is away.
    func identity(of path: String) throws(SystemCallFailure) -> Identity {
        switch try locate(path, in: openRoot()) {
        case .found(let directory): .found(try directory.identity(name: path))
        case .absent: .absent
        case .refused(let refusal): .refused(refusal)
        }
    }

    /// Renames the worktree into the trash, under a name that the caller has recorded.
    /// - Parameters:
    ///   - identity: Recorded by ``identity(of:)``.
    ///   - isOfThisBoot: Whether the identity was recorded since the machine started; see ``FileIdentity``. The path and the mount are
    ///     required always.
    /// - Returns: `.refused` leaves everything as it was, but see ``RemovalRefusal/swapped(leftInTrash:)``.
    /// - Throws: ``SystemCallFailure``; the worktree is where it was, or in the trash: call again.
    func moveAside(
        _ path: String, identity: FileIdentity, to name: TrashName, isOfThisBoot: Bool = true
    ) throws(SystemCallFailure) -> MoveOutcome {
        let root = try openRoot()
        let trash = try openTrash(root)
        func isExpected(_ found: FileIdentity) -> Bool { identity.isSame(found, ofThisBoot: isOfThisBoot) }
        if let there = try trashEntry(name, in: trash) {
            let found = try there.identity(name: name.rawValue)
            return isExpected(found) ? .movedAside : .refused(.trashNameTaken(found: found))
        }
        let worktree: OwnedFileDescriptor
        switch try locate(path, in: root) {
        case .found(let directory): worktree = directory
        case .absent: return .absent
        case .refused(let refusal): return .refused(refusal)
        }
        let found = try worktree.identity(name: path)
        guard isExpected(found) else { return .refused(.identityDiffers(recorded: identity, found: found)) }
        let mounts = try MountTable.current().mountPoints(atOrBelow: worktree.realPath(name: path))
        if !mounts.isEmpty { return .refused(.mounted(mounts.map(\.description))) }
        return try rename(path, worktree, found, to: name, in: trash, root)
    }

    private func rename(
        _ path: String, _ worktree: borrowing OwnedFileDescriptor, _ identity: FileIdentity, to name: TrashName,
        in trash: borrowing OwnedFileDescriptor, _ root: borrowing OwnedFileDescriptor
    ) throws(SystemCallFailure) -> MoveOutcome {
        guard let relative = relativePath(path) else { return .refused(.outsideRoot) }
        let parent = try root.openBeneath(relative.directory, flags: O_PATH | O_DIRECTORY, subject: path)
        let last = relative.lastComponent
        do throws(SystemCallFailure) {
            do throws(SystemCallFailure) {
                try parent.renameEntry(last, to: trash, name.bytes, subject: path)
            } catch {
                // Its `..` changes, for which the directory itself must be writable.
                guard error.errno == EACCES, worktree.addMode(0o700) == 0 else { throw error }
                try parent.renameEntry(last, to: trash, name.bytes, subject: path)
            }
        } catch {
            if error.errno == EBUSY { return .refused(.mounted([path])) }
            throw error
        }
        if let moved = try trashEntry(name, in: trash), try moved.identity(name: name.rawValue) == identity {
            return .movedAside
        }
        do throws(SystemCallFailure) {
            try trash.renameEntry(name.bytes, to: parent, last, subject: name.rawValue)
            return .refused(.swapped(leftInTrash: nil))
        } catch {
            return .refused(.swapped(leftInTrash: name))
        }
    }

    /// Removes git's registration of the worktree, and of no other one.
    /// - Parameters:
    ///   - path: Where the worktree was.
    ///   - name: Its name in the trash, nil when there was no directory to move.
    ///   - force: Also when it is locked, or when its own `.git` does not name the registration.
    /// - Throws: ``SystemCallFailure``; what is left of the registration goes with the next call.
    func unregister(
        _ path: String, commonDirectory: String, trashName name: TrashName?, force: Bool
    ) throws(SystemCallFailure) -> RegistrationOutcome {
        let place = ByteString(path).withoutTrailingSlashes
        let root = try openRoot()
        var link = WorktreeLink.missing
        if let name, let moved = try trashEntry(name, in: openTrash(root)) {
            link = try WorktreeLink.read(in: moved, of: place)
        } else if case .found(let directory) = try locate(path, in: root),
            case .linked = try WorktreeLink.read(in: directory, of: place)
        {
            return .disagrees("\(path) is still there")
        }
        return try WorktreeRegistration(commonDirectory: ByteString(commonDirectory)).remove(
            place, link: link, force: force)
    }

    /// Deletes what was moved aside, as far as it can be deleted. Can be stopped and taken up again, also after a restart.
    /// - Parameter shouldGoOn: Asked at every entry.
    /// - Returns: `.absent` when it is gone already.
    /// - Throws: ``SystemCallFailure`` when the trash cannot be read at all.
    func deleteTrash(
        _ name: TrashName, while shouldGoOn: () -> Bool = { true }
    ) throws(SystemCallFailure) -> TreeDeletion.Outcome {
        try TreeDeletion.delete(
            name.bytes, in: openTrash(openRoot()), inode: name.inode, label: ".trash/\(name)", while: shouldGoOn)
    }

    /// Names in the trash that have the form of one, whether or not anybody recorded them.
    func trashNames() throws(SystemCallFailure) -> [TrashName] {
        let listing = try openTrash(openRoot()).openBeneath(".", flags: O_RDONLY | O_DIRECTORY, subject: ".trash")
        let stream = try DirectoryStream(adopting: listing, name: ".trash")
        var names: [TrashName] = []
        while let entry = try stream.next() {
            if let name = entry.name.text.flatMap({ TrashName($0) }) { names.append(name) }
        }
        return names
    }
}

extension WorktreeRemoval {
    private enum Place: ~Copyable {
        case found(OwnedFileDescriptor)
        case absent
        case refused(RemovalRefusal)
    }

    private func openRoot() throws(SystemCallFailure) -> OwnedFileDescriptor {
        try OwnedFileDescriptor.open(path: managedRoot, flags: O_PATH | O_DIRECTORY)
    }

    private func openTrash(_ root: borrowing OwnedFileDescriptor) throws(SystemCallFailure) -> OwnedFileDescriptor {
        let raw = root.withRawValue { $0 }
        let made = Self.trash.withCString { mkdirat(raw, $0, 0o700) }
        if made != 0, errno != EEXIST { throw SystemCallFailure(call: "mkdirat", subject: ".trash", errno: errno) }
        return try root.openBeneath(Self.trash, flags: O_PATH | O_DIRECTORY, subject: ".trash")
    }

    private func trashEntry(
        _ name: TrashName, in trash: borrowing OwnedFileDescriptor
    ) throws(SystemCallFailure) -> OwnedFileDescriptor? {
        do throws(SystemCallFailure) {
            return try trash.openBeneath(
                name.bytes, flags: O_PATH | O_DIRECTORY, subject: ".trash/\(name)")
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    /// The path below the managed root, nil for one that is not below it or that goes up.
    private func relativePath(_ path: String) -> ByteString? {
        let root = ByteString(managedRoot).withoutTrailingSlashes
        let path = ByteString(path).withoutTrailingSlashes
        guard path.isAtOrBelow(root), path != root, !path.containsNUL else { return nil }
        let relative = ByteString(bytes: path.bytes.dropFirst(root.bytes.count + 1))
        let parts = relative.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // The trash is no worktree, and `..` would be refused by the kernel anyhow.
        let isPlain = parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
        return isPlain && !parts[0].elementsEqual(Self.trash.bytes) ? relative : nil
    }

    private func locate(_ path: String, in root: borrowing OwnedFileDescriptor) throws(SystemCallFailure) -> Place {
        guard let relative = relativePath(path) else { return .refused(.outsideRoot) }
        do throws(SystemCallFailure) {
            return .found(
                try root.openBeneath(relative, flags: O_PATH | O_DIRECTORY, subject: path))
        } catch {
            switch error.errno {
            case ENOENT: return .absent
            case ELOOP: return .refused(.symbolicLink)
            case EXDEV: return .refused(.anotherFileSystem)
            case ENOTDIR: return .refused(.notADirectory)
            default: throw error
            }
        }
    }
}
