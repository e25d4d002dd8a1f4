import CgroupPty
import FoundationEssentials
import GRDB

/// A column that holds what no release of Corral writes.
struct ColumnFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// `table.column`.
    let column: String
    /// What it holds, as SQL.
    let value: String

    /// For instance `session.status holds 'gone'`.
    var description: String { "\(column) holds \(value)" }
}

/// Reads the columns of one row, one after the other, and says which one makes no sense.
///
/// GRDB's own typed access ends the process on a value of another type; a damaged file must be a failure.
struct ColumnReader {
    private let row: Row
    private let table: String
    private let columns: [String]
    private var position = 0

    /// Begins at the first column.
    /// - Parameter columns: Their names, in the order in which they were selected.
    init(row: Row, table: String, columns: [String]) {
        self.row = row
        self.table = table
        self.columns = columns
    }

    /// A text.
    mutating func text() throws(ColumnFault) -> String { try wanted { $0.optionalText } }
    /// A text or NULL.
    mutating func optionalText() throws(ColumnFault) -> String? { try unlessNull { $0.optionalText } }
    /// A whole number.
    mutating func integer() throws(ColumnFault) -> Int64 { try wanted { $0.optionalInteger } }
    /// A whole number or NULL.
    mutating func optionalInteger() throws(ColumnFault) -> Int64? { try unlessNull { $0.optionalInteger } }
    /// A moment.
    mutating func date() throws(ColumnFault) -> Date {
        try wanted { $0.optionalText.flatMap(StoredDate.date) }
    }
    /// A moment or NULL.
    mutating func optionalDate() throws(ColumnFault) -> Date? {
        try unlessNull { $0.optionalText.flatMap(StoredDate.date) }
    }
    /// One of the words of an enum.
    mutating func word<Word: RawRepresentable<String>>() throws(ColumnFault) -> Word {
        try wanted { $0.optionalText.flatMap(Word.init(rawValue:)) }
    }
    /// One of the words of an enum, or NULL.
    mutating func optionalWord<Word: RawRepresentable<String>>() throws(ColumnFault) -> Word? {
        try unlessNull { $0.optionalText.flatMap(Word.init(rawValue:)) }
    }
    /// A list of texts.
    mutating func textList() throws(ColumnFault) -> [String] {
        try wanted { $0.optionalText.flatMap(StoredTextList.list) }
    }
    /// Limits, or NULL for none.
    mutating func limits() throws(ColumnFault) -> ResourceLimits {
        try unlessNull { $0.optionalText.flatMap { ResourceLimits(text: $0) } } ?? ResourceLimits()
    }
    /// A workspace's id.
    mutating func workspaceID() throws(ColumnFault) -> WorkspaceID {
        try wanted { $0.optionalText.flatMap { WorkspaceID($0) } }
    }
    /// A workspace's id or NULL.
    mutating func optionalWorkspaceID() throws(ColumnFault) -> WorkspaceID? {
        try unlessNull { $0.optionalText.flatMap { WorkspaceID($0) } }
    }
    /// A session's id.
    mutating func sessionID() throws(ColumnFault) -> SessionID {
        try wanted { $0.optionalText.flatMap { SessionID($0) } }
    }

    /// Device and inode, in two columns.
    mutating func fileIdentity() throws(ColumnFault) -> FileIdentity {
        FileIdentity(device: StoredInteger.unsigned(try integer()), inode: StoredInteger.unsigned(try integer()))
    }
    /// Device and inode, in two columns of which both are NULL or neither.
    mutating func optionalFileIdentity() throws(ColumnFault) -> FileIdentity? {
        guard let (device, inode) = try optionalPair() else { return nil }
        return FileIdentity(device: StoredInteger.unsigned(device), inode: StoredInteger.unsigned(inode))
    }
    /// Pid and start tick, in two columns of which both are NULL or neither.
    mutating func optionalProcessIdentity() throws(ColumnFault) -> ProcessIdentity? {
        guard let (pid, start) = try optionalPair() else { return nil }
        return ProcessIdentity(
            pid: ProcessID(Int32(truncatingIfNeeded: pid)), startTicks: StoredInteger.unsigned(start))
    }
    /// Exit code and signal, in two columns of which at most one is not NULL.
    mutating func optionalExit() throws(ColumnFault) -> SessionRow.Exit? {
        let code = try optionalInteger()
        let signal = try optionalInteger()
        if let code { return .code(Int32(truncatingIfNeeded: code)) }
        return signal.map { .signal(Int32(truncatingIfNeeded: $0)) }
    }

    private mutating func optionalPair() throws(ColumnFault) -> (Int64, Int64)? {
        let first = try optionalInteger()
        let second = try optionalInteger()
        guard let first, let second else { return nil }
        return (first, second)
    }

    private mutating func wanted<Value>(_ read: (DatabaseValue) -> Value?) throws(ColumnFault) -> Value {
        let stored = next()
        guard let value = read(stored) else { throw fault(stored) }
        return value
    }

    private mutating func unlessNull<Value>(_ read: (DatabaseValue) -> Value?) throws(ColumnFault) -> Value? {
        let stored = next()
        if stored.isNull { return nil }
        guard let value = read(stored) else { throw fault(stored) }
        return value
    }

    private mutating func next() -> DatabaseValue {
        defer { position += 1 }
        return row[position]
    }

    private func fault(_ value: DatabaseValue) -> ColumnFault {
        ColumnFault(column: "\(table).\(columns[position - 1])", value: "\(value)")
    }
}

extension DatabaseValue {
    /// The text, nil for any other kind of value.
    fileprivate var optionalText: String? {
        switch storage {
        case .string(let text): text
        case .null, .int64, .double, .blob: nil
        }
    }

    /// The number, nil for any other kind of value.
    fileprivate var optionalInteger: Int64? {
        switch storage {
        case .int64(let number): number
        case .null, .string, .double, .blob: nil
        }
    }
}
