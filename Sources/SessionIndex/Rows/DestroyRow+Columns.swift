import CgroupPty
import GRDB

extension DestroyRow: StoredRow {
    static let table = "destroy"
    static let columns = [
        "workspace_id", "receipt_id", "options", "step", "attempts", "trash_name", "previous_state", "started_at",
        "witnesses",
    ]

    init(_ reader: inout ColumnReader) throws(ColumnFault) {
        self.init(
            workspaceID: try reader.workspaceID(),
            receiptID: try reader.text(),
            options: try reader.text(),
            step: try reader.optionalText(),
            attempts: Int(try reader.integer()),
            trashName: try reader.optionalText(),
            previousState: try reader.word(),
            startedAt: try reader.date(),
            witnesses: try reader.optionalText()
        )
    }

    var values: [(any DatabaseValueConvertible)?] {
        [
            workspaceID.rawValue, receiptID, options, step, attempts, trashName, previousState.rawValue,
            StoredDate.text(startedAt), witnesses,
        ]
    }
}
