import GRDB

/// A row that is written as it is read: the same columns in the same order.
protocol StoredRow: SelectedRow {
    /// What to write into the columns, in their order.
    var values: [(any DatabaseValueConvertible)?] { get }
}

extension StoredRow {
    /// Writes the row as a new one.
    func insert(_ database: Database) throws {
        let places = Array(repeating: "?", count: Self.columns.count).joined(separator: ", ")
        try database.change(
            "INSERT INTO \(Self.table) (\(Self.columns.joined(separator: ", "))) VALUES (\(places))", values)
    }
}
