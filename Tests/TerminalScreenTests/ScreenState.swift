@testable import TerminalScreen

/// All that a screen lets others see, and what it hides but repaints, to compare two of them.
struct ScreenState: Equatable {
    var text: [String]
    var cells: [[Cell]]
    var cursor: ScreenCursor
    var modes: ScreenModes
    var isAlternateScreen: Bool
    var title: String?
    var workingDirectory: String?
    var keyboard: [Int]
    var region: Range<Int>
    var sideMargins: Range<Int>
    var tabStops: TabStops
    var saved: SavedCursor
    var pen: PackedStyle
    var sets: CharacterSets

    /// - Parameter history: Whether the lines that have scrolled off count.
    init(_ screen: Screen, history: Bool = true) {
        text = screen.text(historyLines: history ? .max : 0)
        cells = screen.cells()
        cursor = screen.cursor
        modes = screen.modes
        modes.isSynchronizedOutput = false
        isAlternateScreen = screen.isAlternateScreen
        title = screen.title
        workingDirectory = screen.workingDirectory
        keyboard = screen.keyboard.stack
        region = screen.region
        sideMargins = screen.sideMargins
        tabStops = screen.tabStops
        saved = screen.saved
        pen = screen.canvas.pen
        sets = screen.sets
    }

    /// The names of what differs, for a failure's text.
    func differences(from other: ScreenState) -> [String] {
        var names: [String] = []
        func compare<T: Equatable>(_ name: String, _ path: KeyPath<ScreenState, T>) {
            if self[keyPath: path] != other[keyPath: path] {
                names.append("\(name): \(self[keyPath: path]) and \(other[keyPath: path])")
            }
        }
        compare("text", \.text)
        if names.isEmpty, cells != other.cells { names.append("cells: \(differentCells(from: other))") }
        compare("cursor", \.cursor)
        compare("modes", \.modes)
        compare("alternate", \.isAlternateScreen)
        compare("title", \.title)
        compare("directory", \.workingDirectory)
        compare("keyboard", \.keyboard)
        compare("region", \.region)
        compare("side margins", \.sideMargins)
        compare("tab stops", \.tabStops)
        compare("saved", \.saved)
        compare("pen", \.pen)
        compare("sets", \.sets)
        return names
    }

    private func differentCells(from other: ScreenState) -> String {
        for (row, (line, otherLine)) in zip(cells, other.cells).enumerated() {
            for (column, (cell, otherCell)) in zip(line, otherLine).enumerated() where cell != otherCell {
                return "row \(row), cell \(column): \(cell) and \(otherCell)"
            }
        }
        return "another number"
    }
}
