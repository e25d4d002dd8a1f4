/// A worktree as git has it registered, the main one included.
struct RegisteredWorktree: Sendable, Equatable {
    /// Where git believes it to be.
    var path: ByteString
    /// Commit that its HEAD names; nil for a bare repository.
    var head: String?
    /// Short name of the branch that is checked out; nil for a detached HEAD and a bare repository.
    var branch: ByteString?
    /// Whether this is the entry of a bare repository, which has no files checked out.
    var isBare = false
    /// Why it is locked, perhaps without a reason given; nil when it is not locked.
    var lockReason: ByteString?
    /// Why git would prune it; nil when it would not.
    var pruneReason: ByteString?

    /// Reads the answer of `git worktree list --porcelain -z`.
    ///
    /// Attributes that a later git adds are passed over.
    /// - SeeAlso: git-worktree(1), "Porcelain Format"
    static func parse(_ fields: [ByteString]) -> [RegisteredWorktree] {
        var worktrees: [RegisteredWorktree] = []
        for field in fields {
            let label = field.bytes.prefix { $0 != UInt8(ascii: " ") }
            let value = ByteString(bytes: field.bytes.dropFirst(label.count + 1))
            if label.elementsEqual("worktree".utf8) {
                worktrees.append(RegisteredWorktree(path: value))
                continue
            }
            guard let last = worktrees.indices.last else { continue }
            switch String(decoding: label, as: UTF8.self) {
            case "HEAD": worktrees[last].head = value.text
            case "branch":
                let prefix = "refs/heads/".utf8
                worktrees[last].branch =
                    value.bytes.starts(with: prefix) ? ByteString(bytes: value.bytes.dropFirst(prefix.count)) : value
            case "bare": worktrees[last].isBare = true
            case "locked": worktrees[last].lockReason = value
            case "prunable": worktrees[last].pruneReason = value
            default: break
            }
        }
        return worktrees
    }
}
