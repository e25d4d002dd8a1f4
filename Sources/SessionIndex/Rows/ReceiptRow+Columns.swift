import CgroupPty
import GRDB

extension ReceiptRow: StoredRow {
    static let table = "receipt"
    static let columns = ["id", "workspace_id", "body", "created_at", "finished_at"]

    init(_ reader: inout ColumnReader) throws(ColumnFault) {
        self.init(
            id: try reader.text(),
            workspaceID: try reader.workspaceID(),
            body: try reader.text(),
            createdAt: try reader.date(),
            finishedAt: try reader.optionalDate()
        )
    }

    var values: [(any DatabaseValueConvertible)?] {
        [id, workspaceID.rawValue, body, StoredDate.text(createdAt), finishedAt.map(StoredDate.text)]
    }
}
