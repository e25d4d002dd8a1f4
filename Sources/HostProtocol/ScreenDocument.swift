/// What a session's terminal shows.
public struct ScreenDocument: Codable, Sendable, Equatable {
    /// Where the cursor is, from 0, and whether it is shown.
    public struct Cursor: Codable, Sendable, Equatable {
        public var row: Int
        public var column: Int
        public var visible: Bool

        /// Makes a cursor from its parts.
        public init(row: Int, column: Int, visible: Bool) {
            self.row = row
            self.column = column
            self.visible = visible
        }
    }

    /// Neighbouring characters of a row that look alike.
    public struct Run: Codable, Sendable, Equatable {
        /// Where it begins, from 0.
        public var column: Int
        /// Columns that each of its characters takes: 1 or 2.
        public var width: Int
        public var text: String
        /// `0` to `255` for a place in the palette, `#rrggbb` for a colour; the terminal's own when absent.
        public var foreground: String?
        public var background: String?
        /// Of `bold`, `faint`, `italic`, `underline`, `blink`, `reverse`, `concealed` and `struck` those that hold; absent when none
        /// does.
        public var style: [String]?

        /// Makes a run from its parts.
        public init(column: Int, width: Int, text: String, foreground: String?, background: String?, style: [String]?) {
            self.column = column
            self.width = width
            self.text = text
            self.foreground = foreground
            self.background = background
            self.style = style
        }
    }

    public var session: String
    public var columns: Int
    public var rows: Int
    public var cursor: Cursor
    /// What the program has set as the title.
    @ExplicitNull public var title: String?
    /// The directory that the shell has told of.
    @ExplicitNull public var workingDirectory: String?
    public var isAlternateScreen: Bool
    /// Whether the program wants pasted text to be marked as such.
    public var bracketedPaste: Bool
    public var bells: Int
    /// Lines that have scrolled off, the oldest first; as many as were asked for.
    public var history: [String]
    /// The rows, without the blanks at their ends.
    public var lines: [String]
    /// The rows with their looks, when asked for.
    public var cells: [[Run]]?
    /// Names the run of the sequence numbers.
    public var epoch: String
    /// Sequence number of the first byte that is not shown yet.
    public var seq: UInt64
    /// Whether all that the program ever wrote was looked at. Else some was dropped before; what is shown can differ from the
    /// program's idea until it draws anew.
    public var isComplete: Bool

    /// Makes a document from its parts.
    public init(
        session: String, columns: Int, rows: Int, cursor: Cursor, title: String?, workingDirectory: String?,
        isAlternateScreen: Bool, bracketedPaste: Bool, bells: Int, history: [String], lines: [String], cells: [[Run]]?,
        epoch: String, seq: UInt64, isComplete: Bool
    ) {
        self.session = session
        self.columns = columns
        self.rows = rows
        self.cursor = cursor
        self.title = title
        self.workingDirectory = workingDirectory
        self.isAlternateScreen = isAlternateScreen
        self.bracketedPaste = bracketedPaste
        self.bells = bells
        self.history = history
        self.lines = lines
        self.cells = cells
        self.epoch = epoch
        self.seq = seq
        self.isComplete = isComplete
    }
}
