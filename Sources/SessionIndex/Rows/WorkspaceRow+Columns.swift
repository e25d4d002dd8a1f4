import CgroupPty
import GRDB

extension WorkspaceRow: StoredRow {
    static let table = "workspace"
    static let columns = [
        "id", "name", "kind", "state", "repository", "branch", "path", "worktree_device", "worktree_inode", "request",
        "detail", "created_at", "branch_was_created", "limits", "freeze_idle", "expires_at",
    ]

    init(_ reader: inout ColumnReader) throws(ColumnFault) {
        self.init(
            id: try reader.workspaceID(),
            name: try reader.text(),
            kind: try reader.word(),
            state: try reader.word(),
            repository: try reader.optionalText(),
            branch: try reader.optionalText(),
            path: try reader.text(),
            worktreeIdentity: try reader.optionalFileIdentity(),
            request: try reader.text(),
            detail: try reader.optionalText(),
            createdAt: try reader.date(),
            branchWasCreated: try reader.integer() != 0,
            limits: try reader.limits(),
            freezeIdle: try reader.optionalInteger().map { Int($0) },
            expiresAt: try reader.optionalDate()
        )
    }

    var values: [(any DatabaseValueConvertible)?] {
        [
            id.rawValue, name, kind.rawValue, state.rawValue, repository, branch, path,
            worktreeIdentity.map { StoredInteger.signed($0.device) },
            worktreeIdentity.map { StoredInteger.signed($0.inode) },
            request, detail, StoredDate.text(createdAt), branchWasCreated,
            limits.isEmpty ? nil : limits.text, freezeIdle,
            expiresAt.map(StoredDate.text),
        ]
    }
}
