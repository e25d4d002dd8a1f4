import CgroupPty

/// Why a directory was not moved aside, or not deleted. Nothing was changed, except where the case says so.
enum RemovalRefusal: Sendable, Equatable {
    /// The path does not lie below the managed root.
    case outsideRoot
    /// The worktree's directory, or one on the way to it, was replaced by a symbolic link.
    case symbolicLink
    /// Something on the way, or the worktree itself, is no directory.
    case notADirectory
    /// The worktree, or a directory on the way, is a mount point.
    case anotherFileSystem
    /// Another directory than the recorded one is there.
    case identityDiffers(recorded: FileIdentity, found: FileIdentity)
    /// Something is mounted in the worktree.
    case mounted([String])
    /// The recorded name in the trash belongs to another directory.
    case trashNameTaken(found: FileIdentity)
    /// Somebody put another directory in the worktree's place at the moment of the move. It was moved back, or, where its place
    /// was taken again, lies in the trash under this name, where it is never deleted.
    case swapped(leftInTrash: TrashName?)
}

extension RemovalRefusal: CustomStringConvertible {
    /// For a receipt.
    var description: String {
        switch self {
        case .outsideRoot: "the path is not below the managed root"
        case .symbolicLink: "a symbolic link has taken the place of the directory or of one on the way to it"
        case .notADirectory: "it or something on the way to it is no directory"
        case .anotherFileSystem: "it or a directory on the way to it is a mount point"
        case .identityDiffers(let recorded, let found): "another directory is there: \(found) instead of \(recorded)"
        case .mounted(let points): "something is mounted in it: \(points.joined(separator: ", "))"
        case .trashNameTaken(let found): "another directory (\(found)) has its name in the trash"
        case .swapped(nil): "another directory took its place while it was moved; that one was put back"
        case .swapped(let name?): "another directory took its place while it was moved; that one is .trash/\(name) now"
        }
    }
}
