/// What git's index of a worktree holds that `git status` does not tell.
struct IndexListing: Sendable, Equatable {
    /// A file in the index.
    struct File: Sendable, Equatable {
        /// Path below the worktree.
        let path: ByteString
        /// Id of the recorded content.
        let content: ByteString
        /// Whether a symbolic link is recorded.
        let isLink: Bool
    }

    /// Files at which git was told not to look (`assume-unchanged`, `skip-worktree`), on disk or not.
    var unwatched: [File] = []
    /// Submodules, initialised or not.
    var submodules: [ByteString] = []

    /// The command that ``parse(_:)`` understands.
    static let command: [ByteString] = ["ls-files", "-v", "--stage", "-z"]
    /// Some 100 bytes a file: enough for two million.
    static let outputLimit = 256 << 20

    /// Reads `TAG MODE ID STAGE<tab>PATH<NUL>` and so on.
    ///
    /// Over slices of the one array, since a big repository has a million lines.
    /// - SeeAlso: git-ls-files(1), `-v`: a lower-case tag is `assume-unchanged`, `S` is `skip-worktree`.
    static func parse(_ output: [UInt8]) throws(PreflightDoubt) -> IndexListing {
        var listing = IndexListing()
        for line in output.split(separator: 0) {
            guard let tag = line.first, let tab = line.firstIndex(of: UInt8(ascii: "\t")) else {
                throw PreflightDoubt(why: "git ls-files: cannot read its line \(ByteString(bytes: line))")
            }
            let mode = line.dropFirst(2).prefix(6)
            let isSubmodule = mode.elementsEqual("160000".utf8)
            let isUnwatched = tag == UInt8(ascii: "S") || (tag >= UInt8(ascii: "a") && tag <= UInt8(ascii: "z"))
            if !isSubmodule, !isUnwatched { continue }
            let path = ByteString(bytes: line[(tab + 1)...])
            if isSubmodule {
                listing.submodules.append(path)
                continue
            }
            let id = line[..<tab].split(separator: UInt8(ascii: " ")).dropFirst(2).first ?? []
            listing.unwatched.append(
                File(path: path, content: ByteString(bytes: id), isLink: mode.elementsEqual("120000".utf8)))
        }
        return listing
    }
}
