/// What git wrote down of each move of a repository's HEAD, in `logs/HEAD`.
///
/// It says whether commits were made in a repository or only fetched: a tag is no proof of that, for anybody can set one.
enum HeadReflog {
    /// How the lines of those commands begin that move HEAD to commits which are there already. Whatever else is written may tell of a
    /// new commit: `commit`, `merge`, `rebase`, `cherry-pick`, `revert`, `am`, `pull`, and what other programs call it.
    private static let moves = ["clone:", "checkout:", "reset:", "fetch"]

    /// Whether a message is of a move, or a command that may make commits made none with it: each commit that a rebase makes has a line of
    /// its own.
    private static func isMove(_ message: String) -> Bool {
        if moves.contains(where: { message.hasPrefix($0) }) { return true }
        let isMerge = message.hasPrefix("merge ") || message.hasPrefix("pull")
        if isMerge, message.hasSuffix(": Fast-forward") { return true }
        guard message.hasPrefix("rebase") || message.hasPrefix("pull") else { return false }
        return message.contains(" (start): checkout ") || message.contains(" (finish): returning to ")
    }

    /// Whether no commit was made since HEAD first named one. A log that does not go back so far is no proof.
    ///
    /// Reads `OLD NEW NAME <MAIL> TIME ZONE<tab>MESSAGE` and so on. A message has no tab, a name can.
    /// - SeeAlso: git's refs/files-backend.c, log_ref_write_fd
    static func showsNoNewCommit(_ log: [UInt8]) -> Bool {
        let lines = log.split(separator: UInt8(ascii: "\n"))
        guard let first = lines.first, first.starts(with: String(repeating: "0", count: 40).utf8) else { return false }
        return lines.allSatisfy { line in
            guard let tab = line.lastIndex(of: UInt8(ascii: "\t")) else { return false }
            return isMove(String(decoding: line[(tab + 1)...], as: UTF8.self))
        }
    }
}
