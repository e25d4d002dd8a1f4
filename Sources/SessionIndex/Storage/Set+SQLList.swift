extension Set where Element: RawRepresentable<String> {
    /// The words as an SQL list, for instance `('active', 'starting')`. An empty set matches nothing.
    ///
    /// Sorted, so that equal sets give the same statement.
    var sqlList: String { "(" + map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ") + ")" }
}
