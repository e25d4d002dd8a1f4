import ArgumentParser
import HostProtocol

/// A terminal's size as it is typed: `120x32`.
struct SizeArgument: ExpressibleByArgument, Equatable {
    /// The size.
    let size: TerminalSize

    /// Reads columns, an `x`, and rows, each 1 to 1000; nil for anything else.
    init?(argument: String) {
        let parts = argument.split(separator: "x" as Character, omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let columns = parts[0], let rows = parts[1], (1...1000).contains(columns),
            (1...1000).contains(rows)
        else { return nil }
        size = TerminalSize(columns: columns, rows: rows)
    }
}
