import CgroupPty
import Glibc

/// What the `.git` entry of a worktree's directory says.
enum WorktreeLink: Sendable, Equatable {
    /// It names the worktree's own git directory, `<common directory>/worktrees/<id>`. Always absolute.
    case linked(ByteString)
    /// There is no such entry.
    case missing
    /// It is a directory: this is a repository's own checkout.
    case repository
    /// It is something else, for the reason given.
    case unusable(String)

    /// The common git directory that a worktree's own git directory lies in, if its path is one that git makes.
    static func commonDirectory(of gitDirectory: ByteString) -> ByteString? {
        let plain = gitDirectory.withoutTrailingSlashes
        return plain.directory.lastComponent == "worktrees" ? plain.directory.directory : nil
    }

    /// Reads the entry in an open directory, following no link.
    /// - Parameters:
    ///   - directory: The worktree, wherever it lies now.
    ///   - path: Where it lay when git wrote the entry: a relative one starts there.
    /// - Throws: ``SystemCallFailure`` for any answer that decides nothing, for instance `EACCES`.
    static func read(
        in directory: borrowing OwnedFileDescriptor, of path: ByteString
    ) throws(SystemCallFailure) -> WorktreeLink {
        let name = "\(path)/.git"
        let text: [UInt8]
        do throws(SystemCallFailure) {
            // Not blocking, for somebody could have put a FIFO there.
            let file = try directory.openBeneath(".git", flags: O_RDONLY | O_NONBLOCK | O_NOCTTY, subject: name)
            switch try file.status(name: name).kind {
            case .directory: return .repository
            case .regular: text = try file.readToEnd(name: name, limit: 1 << 16)
            case .symbolicLink, .other: return .unusable("\(name) is no file")
            }
        } catch {
            switch error.errno {
            case ENOENT: return .missing
            case ELOOP: return .unusable("\(name) is a symbolic link")
            case ENXIO: return .unusable("\(name) is no file")
            case EFBIG: return .unusable("\(name) is too long")
            default: throw error
            }
        }
        let label = "gitdir: ".utf8
        guard text.starts(with: label) else { return .unusable("\(name) does not begin with `gitdir: `") }
        var target = text.dropFirst(label.count)
        while target.last == UInt8(ascii: "\n") || target.last == UInt8(ascii: "\r") { target.removeLast() }
        if target.isEmpty || target.contains(0) { return .unusable("\(name) names nothing") }
        let named = ByteString(bytes: target)
        // Read as text, for where a worktree was moved away the kernel can no longer go up from its path.
        return .linked(named.isAbsolute ? named : try path.realLocation().appending(named).collapsed)
    }
}
