/// Names and values of one thing, a line each, as `systemctl status` prints them.
struct Fields {
    private var lines: [(name: String, value: Table.Cell)] = []

    /// Appends a line. A value that is not known shows as `-`.
    mutating func append(_ name: String, _ value: Table.Cell) {
        lines.append((name, value))
    }

    /// The lines, the names aligned at their right, without a newline at the end.
    func text(_ style: TextStyle) -> String {
        let width = lines.map(\.name.count).max() ?? 0
        return lines.map { line in
            let margin = String(repeating: " ", count: width - line.name.count)
            return "\(margin)\(line.name): \(style.paint(line.value.text, line.value.colour))"
        }
        .joined(separator: "\n")
    }
}
