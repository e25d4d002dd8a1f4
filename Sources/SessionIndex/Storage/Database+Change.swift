import GRDB

extension Database {
    /// Runs one statement that changes rows; it is compiled once and kept.
    /// - Returns: How many rows it changed.
    @discardableResult
    func change(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws -> Int {
        try cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
        return changesCount
    }
}
