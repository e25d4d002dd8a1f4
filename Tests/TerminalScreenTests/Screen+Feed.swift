import TerminalScreen

extension Screen {
    /// A screen that has read something.
    convenience init(_ text: String, columns: Int = 20, rows: Int = 5, historyLimit: Int = 100) {
        self.init(columns: columns, rows: rows, historyLimit: historyLimit)
        feed(Array(text.utf8))
    }

    func feed(_ text: String) { feed(Array(text.utf8)) }

    /// A fresh screen that has read this one's repaint.
    func repainted(historyLines: Int = .max) -> Screen {
        let screen = Screen(columns: columns, rows: rows)
        screen.feed(repaint(historyLines: historyLines))
        return screen
    }
}
