/// What a terminal shows after all that programs have written to it.
///
/// It reads the output of a session and keeps what a user would see: the cells of the main and of the alternate screen, the
/// lines that have scrolled off, the cursor, the modes, the title. From these it gives the text, the cells, and a stream of
/// bytes that puts another terminal into the same state (``repaint(historyLines:)``).
///
/// It behaves as xterm does, since programs are told `xterm-256color`. libvterm moves the cursor and says which cells change;
/// ``ControlParser`` stands before it, and what libvterm does not know, or does otherwise than xterm, is done here.
///
/// It guarantees: any bytes, cut anywhere, leave it in a state that it can repaint, in bounded memory. It answers a
/// program's queries only where it stands in for a terminal (``answersQueries``). It keeps neither hyperlinks nor
/// images.
///
/// It is not `Sendable`: who owns it makes one call at a time.
public final class Screen {
    /// What a session's screen keeps beyond its size, in lines.
    public static let standardHistoryLimit = 1000
    /// Columns and rows at most; a greater number becomes this one.
    public static let greatestSide = 1000
    /// Bytes of a title or of a URL that are kept.
    public static let titleBytesKept = 4096
    /// Titles that a program can put aside, as many as in xterm.
    static let titlesPutAside = 10

    public internal(set) var columns: Int
    public internal(set) var rows: Int
    public internal(set) var modes = ScreenModes()
    /// What OSC 0 or 2 set, without control characters; nil until then.
    public internal(set) var title: String?
    /// The URL that OSC 7 set last, as it was written; nil when there was none or it was no file URL.
    public internal(set) var workingDirectoryURL: String?
    /// How often the bell has rung.
    public internal(set) var bellCount = 0
    /// Whether what programs ask is answered, into ``takeAnswers()``.
    public var answersQueries = false
    var answers: [UInt8] = []

    let canvas: Canvas
    let engine: Engine
    private var parser = ControlParser()
    var sets = CharacterSets()
    var tabStops: TabStops
    /// Rows that scroll: DECSTBM.
    var region: Range<Int>
    /// Columns that scroll while ``ScreenModes/hasSideMargins``: DECSLRM.
    var sideMargins: Range<Int>
    /// Whether the last column was filled and the next character goes to the next line.
    var isWrapPending = false
    var savedMain = SavedCursor()
    var savedAlternate = SavedCursor()
    var keyboardMain = KittyKeyboard()
    var keyboardAlternate = KittyKeyboard()
    var titlesAside: [String?] = []
    /// The character that REP repeats, in UTF-8.
    var lastCharacter: [UInt8] = []

    /// Makes the screen of a fresh terminal.
    /// - Parameters:
    ///   - columns: 1 to ``greatestSide``; anything else becomes the nearest of them.
    ///   - rows: The same.
    ///   - historyLimit: Lines kept of what scrolls off the main screen.
    public init(columns: Int, rows: Int, historyLimit: Int = standardHistoryLimit) {
        self.columns = Self.side(columns)
        self.rows = Self.side(rows)
        canvas = Canvas(rows: self.rows, columns: self.columns, historyLimit: historyLimit)
        engine = Engine(rows: self.rows, columns: self.columns, canvas: canvas)
        tabStops = TabStops(width: self.columns)
        region = 0..<self.rows
        sideMargins = 0..<self.columns
    }

    static func side(_ length: Int) -> Int { min(max(length, 1), greatestSide) }

    // MARK: Input

    /// Reads output, which may be cut anywhere.
    public func feed(_ bytes: UnsafeRawBufferPointer) {
        bytes.withMemoryRebound(to: UInt8.self) { parser.read($0, for: self) }
    }

    /// Reads output, which may be cut anywhere.
    public func feed(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { parser.read($0, for: self) }
    }

    /// How many of the last bytes that were fed belong to a sequence or a character that is not finished. They show nothing yet: the
    /// screen is what it was before them, unless it ``isPartlyShown``.
    public var unfinishedCount: Int { parser.unfinishedCount }

    /// Whether there was a control inside the sequence that is not finished. Such act at once.
    public var isPartlyShown: Bool { parser.isPartlyTold }

    /// Bytes are missing here: an unfinished sequence or character is abandoned, and what follows is read afresh.
    ///
    /// Content and modes stay. What the missing bytes did is not known, so the screen can differ from the program's idea of it
    /// until the program draws it again.
    public func skip() { parser.skip() }

    // MARK: State

    /// Whether the alternate screen is shown, which full-screen programs draw on.
    public var isAlternateScreen: Bool { canvas.covered != nil }

    /// Lines that have scrolled off and are kept.
    public var historyCount: Int { canvas.history.count }

    /// The flags of the kitty keyboard protocol that are in force.
    public var kittyKeyboardFlags: Int { keyboard.flags }

    /// The rows that scroll, from 0; all unless a program has set margins.
    public var scrollRegion: Range<Int> { region }

    /// The directory of ``workingDirectoryURL``, whatever its host.
    public var workingDirectory: String? { workingDirectoryURL.flatMap(FileURL.init)?.path }

    /// Where the cursor is. libvterm leaves it on the first column of a wide character that fills the line.
    var position: (row: Int, column: Int) {
        let position = engine.position
        return isWrapPending ? (position.row, columns - 1) : position
    }

    /// Where the cursor is and how it looks.
    public var cursor: ScreenCursor {
        let position = position
        let shape: ScreenCursor.Shape =
            switch modes.cursorStyle {
            case 1, 2: .block
            case 3, 4: .underline
            case 5, 6: .bar
            default: .terminalDefault
            }
        return ScreenCursor(
            row: position.row, column: position.column, isWrapPending: isWrapPending, isVisible: modes.isCursorVisible,
            shape: shape, isBlinking: modes.isCursorBlinking || !modes.cursorStyle.isMultiple(of: 2))
    }

    /// The flags of the screen that is shown.
    var keyboard: KittyKeyboard {
        get { isAlternateScreen ? keyboardAlternate : keyboardMain }
        set {
            if isAlternateScreen { keyboardAlternate = newValue } else { keyboardMain = newValue }
        }
    }

    /// What DECSC saved on the screen that is shown.
    var saved: SavedCursor {
        get { isAlternateScreen ? savedAlternate : savedMain }
        set {
            if isAlternateScreen { savedAlternate = newValue } else { savedMain = newValue }
        }
    }
}
