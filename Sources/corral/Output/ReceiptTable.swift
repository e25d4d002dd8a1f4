import HostProtocol

/// Receipts as a table.
enum ReceiptTable {
    /// A line a receipt.
    static func text(_ receipts: [ReceiptDocument], _ time: TimeText, _ style: TextStyle) -> String {
        var table = Table("ID", "WORKSPACE", "NAME", "STATE", "OUTCOME", "SESSIONS", "WORKTREE", "CONFIRMED", "CREATED")
        for receipt in receipts {
            let colour: TextStyle.Colour = receipt.outcome == .confirmed ? .good : .pending
            table.append(
                Table.Cell(receipt.id), Table.Cell(receipt.workspace), Table.Cell(receipt.workspaceName),
                Table.Cell(receipt.state.rawValue), Table.Cell(receipt.outcome.rawValue, colour),
                Table.Cell(receipt.sessions.count), Table.Cell(receipt.worktree.rawValue),
                Table.Cell(time.ago(receipt.confirmedAt)), Table.Cell(time.ago(receipt.createdAt))
            )
        }
        return table.text(style)
    }
}
