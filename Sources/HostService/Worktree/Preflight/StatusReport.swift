/// What `git status` says of a worktree.
struct StatusReport: Sendable, Equatable {
    /// Commit of HEAD, nil on a branch without one.
    var head: String?
    /// Tracked files that differ from HEAD, conflicts included.
    var changed = NameSample()
    /// Files and directories (with a slash at the end) that are neither tracked nor ignored.
    var untracked = NameSample()
    /// Submodules that differ from what HEAD records, or with changes in them.
    var submodules: [ByteString] = []
    /// Those of the untracked that are repositories, without the slash at the end.
    var untrackedRepositories: [ByteString] = []

    /// Whether nothing is in it that would be lost.
    var hasChanges: Bool { changed.count > 0 || untracked.count > 0 || !submodules.isEmpty }

    /// The command that ``parse(_:)`` understands: nothing that a configuration can hide is hidden.
    static let command: [ByteString] = [
        "status", "--porcelain=v2", "--branch", "-z", "--no-renames", "--untracked-files=all",
        "--ignore-submodules=none",
    ]

    /// Reads the fields of the answer.
    /// - Throws: ``PreflightDoubt`` at a line that this version of the format does not have.
    /// - SeeAlso: git-status(1), "Porcelain Format Version 2"
    static func parse(_ fields: [ByteString]) throws(PreflightDoubt) -> StatusReport {
        var report = StatusReport()
        var rest = fields[...]
        while let field = rest.popFirst() {
            switch field.bytes.first {
            case UInt8(ascii: "#"): report.readHeader(field)
            case UInt8(ascii: "1"): try report.readChange(field, pathAfter: 8)
            case UInt8(ascii: "2"):
                try report.readChange(field, pathAfter: 9)
                // The old name of a renamed file.
                _ = rest.popFirst()
            case UInt8(ascii: "u"): try report.readChange(field, pathAfter: 10)
            case UInt8(ascii: "?"): report.readUntracked(ByteString(bytes: field.bytes.dropFirst(2)))
            default: throw PreflightDoubt(why: "git status: cannot read its line \(field)")
            }
        }
        return report
    }

    private mutating func readHeader(_ line: ByteString) {
        let words = line.bytes.split(separator: UInt8(ascii: " "), maxSplits: 2).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard words.count == 3 else { return }
        if words[1] == "branch.oid" { head = words[2] == "(initial)" ? nil : words[2] }
    }

    private mutating func readUntracked(_ path: ByteString) {
        untracked.add(path)
        // Of a repository git lists no file.
        if path.bytes.last == UInt8(ascii: "/") { untrackedRepositories.append(path.withoutTrailingSlashes) }
    }

    /// Reads `1 XY SUB …  PATH`: the path follows that many words, and can contain blanks itself.
    private mutating func readChange(_ line: ByteString, pathAfter count: Int) throws(PreflightDoubt) {
        let words = line.bytes.split(separator: UInt8(ascii: " "), maxSplits: count, omittingEmptySubsequences: false)
        guard words.count == count + 1 else { throw PreflightDoubt(why: "git status: cannot read its line \(line)") }
        let path = ByteString(bytes: words[count])
        if words[2].first == UInt8(ascii: "S") { submodules.append(path) } else { changed.add(path) }
    }
}
