import GRDB

/// A type that is read from columns, in one fixed order.
///
/// The columns are read by position: thousands of rows are read for each pass of the reaper, and a look-up by name in
/// each of them costs more than all the rest.
protocol SelectedRow: Sendable {
    /// The table that the rows come from.
    static var table: String { get }
    /// The columns or expressions that such a row is made of.
    static var columns: [String] { get }
    /// Reads the columns in their order.
    init(_ reader: inout ColumnReader) throws(ColumnFault)
}

extension SelectedRow {
    /// Reads the rows that the rest of a `SELECT` names, for instance `WHERE id = ?`.
    static func fetch(
        _ database: Database, _ rest: String, _ arguments: [(any DatabaseValueConvertible)?] = []
    ) throws -> [Self] {
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns.joined(separator: ", ")) FROM \(table) \(rest)")
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(arguments))
        var found: [Self] = []
        while let row = try rows.next() {
            var reader = ColumnReader(row: row, table: table, columns: columns)
            found.append(try Self(&reader))
        }
        return found
    }

    /// Reads the first of the rows that the rest of a `SELECT` names, nil when there is none.
    static func fetchFirst(
        _ database: Database, _ rest: String, _ arguments: [(any DatabaseValueConvertible)?] = []
    ) throws -> Self? {
        try fetch(database, rest + " LIMIT 1", arguments).first
    }
}
