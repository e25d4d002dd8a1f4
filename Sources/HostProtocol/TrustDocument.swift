/// Which scripts of a repository are trusted from now on.
public struct TrustDocument: Codable, Sendable, Equatable {
    /// Real path of the repository.
    public var repository: String
    /// `setup`, `teardown`: those whose content, as it was just now, will be run.
    public var trusted: [String]

    /// Makes a document from its parts.
    public init(repository: String, trusted: [String]) {
        self.repository = repository
        self.trusted = trusted
    }
}

/// Asks to trust the scripts that lie below a directory now.
public struct TrustRequest: Codable, Sendable, Equatable {
    /// Absolute path of a repository or of a worktree of it, whose `.corral/setup` and `.corral/teardown` are meant.
    public var path: String

    /// Makes a request.
    public init(path: String) {
        self.path = path
    }
}
