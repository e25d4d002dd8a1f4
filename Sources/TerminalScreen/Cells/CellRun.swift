/// Neighbouring characters of a line that have one style and one width.
public struct CellRun: Sendable, Hashable {
    /// Where it begins, from 0.
    public var column: Int
    /// Columns that each character takes: 1 or 2.
    public var width: Int
    /// Columns that it takes altogether.
    public var columns: Int
    public var text: String
    public var style: CellStyle

    /// The runs of a line, in order, without the blanks of a fresh terminal at its end.
    public static func runs(of line: [Cell]) -> [CellRun] {
        let blank = Cell(text: " ", width: 1, style: CellStyle())
        guard let end = line.lastIndex(where: { $0 != blank }) else { return [] }
        var runs: [CellRun] = []
        var column = 0
        for cell in line[...end] {
            if let last = runs.indices.last, runs[last].style == cell.style, runs[last].width == cell.width {
                runs[last].text += cell.text
                runs[last].columns += cell.width
            } else {
                runs.append(
                    CellRun(column: column, width: cell.width, columns: cell.width, text: cell.text, style: cell.style))
            }
            column += cell.width
        }
        return runs
    }
}
