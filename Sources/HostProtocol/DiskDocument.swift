/// How much of a disk a workspace's directory takes.
public struct DiskDocument: Codable, Sendable, Equatable {
    public var workspace: String
    public var path: String
    /// Blocks that are taken, in bytes; a file with several names counts once. A lower bound unless `complete`.
    public var bytes: Int64
    /// Files and directories.
    public var entries: Int64
    /// Whether all of it was counted.
    public var complete: Bool
    /// Why not all of it was.
    @ExplicitNull public var reason: String?
    public var durationMs: Int

    /// Makes a document from its parts.
    public init(
        workspace: String, path: String, bytes: Int64, entries: Int64, complete: Bool, reason: String?, durationMs: Int
    ) {
        self.workspace = workspace
        self.path = path
        self.bytes = bytes
        self.entries = entries
        self.complete = complete
        self.reason = reason
        self.durationMs = durationMs
    }
}
