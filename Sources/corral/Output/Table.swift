/// Rows in aligned columns, as docker and systemctl print them.
struct Table {
    /// One cell.
    struct Cell: ExpressibleByStringInterpolation {
        /// What it shows, without control characters.
        let text: String
        /// Its colour, if any.
        let colour: TextStyle.Colour?

        /// A cell that shows `text`, or `-` for what is not known or empty.
        init(_ text: String?, _ colour: TextStyle.Colour? = nil) {
            let text = Self.printable(text ?? "")
            self.text = text.isEmpty ? "-" : text
            self.colour = colour
        }

        /// A cell that shows a number, or `-` for one that is not known.
        init(_ number: Int?) {
            self.init(number.map { "\($0)" })
        }

        /// A cell that shows `text`.
        init(stringLiteral text: String) {
            self.init(text)
        }

        /// The text with every character replaced that steers a terminal or is not seen: a title is chosen by what runs in the session,
        /// and must not be able to make a list look like another.
        static func printable(_ text: String) -> String {
            guard text.unicodeScalars.contains(where: steers) else { return text }
            var printable = String.UnicodeScalarView()
            for scalar in text.unicodeScalars { printable.append(steers(scalar) ? "\u{fffd}" : scalar) }
            return String(printable)
        }

        /// The same of a line, whose tabs stay.
        static func printableLine(_ text: String) -> String {
            text.split(separator: "\t" as Character, omittingEmptySubsequences: false).map { printable(String($0)) }
                .joined(separator: "\t")
        }

        private static func steers(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: true
            // Marks that turn the direction of writing, and marks without width; those within emoji and Indic words are needed.
            case .format: scalar != "\u{200c}" && scalar != "\u{200d}"
            default: false
            }
        }
    }

    private let headers: [String]
    private var rows: [[Cell]]

    /// A table with these column headers.
    init(_ headers: String...) {
        self.init(headers, rows: [])
    }

    /// A table with these column headers and rows.
    /// - Precondition: One cell for each header.
    init(_ headers: [String], rows: [[Cell]]) {
        precondition(rows.allSatisfy { $0.count == headers.count }, "a row has a cell for each column")
        self.headers = headers
        self.rows = rows
    }

    /// Appends a row.
    /// - Precondition: One cell for each header.
    mutating func append(_ cells: Cell...) {
        precondition(cells.count == headers.count, "a row has a cell for each column")
        rows.append(cells)
    }

    /// The table's lines, without a newline at the end. Columns are two blanks apart; no line ends in blanks.
    func text(_ style: TextStyle) -> String {
        let widths = headers.indices.map { column in
            max(CellWidth.of(headers[column]), rows.map { CellWidth.of($0[column].text) }.max() ?? 0)
        }
        let lines = [headers.map { Cell($0) }] + rows
        return lines.map { Self.line($0, widths: widths, style) }.joined(separator: "\n")
    }

    private static func line(_ cells: [Cell], widths: [Int], _ style: TextStyle) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            line += style.paint(cell.text, cell.colour)
            if column < cells.count - 1 {
                line += String(repeating: " ", count: widths[column] - CellWidth.of(cell.text) + 2)
            }
        }
        return line
    }
}
