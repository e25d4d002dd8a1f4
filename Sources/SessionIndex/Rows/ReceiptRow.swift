public import CgroupPty
public import FoundationEssentials

/// The record of a delete. It is tied to the workspace by its id alone, so it outlasts the workspace.
public struct ReceiptRow: Sendable, Equatable {
    /// Names the receipt.
    public var id: String
    /// The workspace that was or is being deleted.
    public var workspaceID: WorkspaceID
    /// What happened, as JSON. The index does not look into it.
    public var body: String
    /// When the delete began, to the millisecond.
    public var createdAt: Date
    /// When it was done or given up; nil until then.
    public var finishedAt: Date?

    /// Makes a row. Dates are rounded to the millisecond.
    public init(id: String, workspaceID: WorkspaceID, body: String, createdAt: Date, finishedAt: Date? = nil) {
        self.id = id
        self.workspaceID = workspaceID
        self.body = body
        self.createdAt = StoredDate.rounded(createdAt)
        self.finishedAt = finishedAt.map(StoredDate.rounded)
    }
}
