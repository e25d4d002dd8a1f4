/// What programs have switched on or off in the terminal.
///
/// See: xterm's ctlseqs, "DEC Private Mode Set (DECSET)"
public struct ScreenModes: Sendable, Hashable {
    /// Which movements of the mouse are reported; the number of the mode that asks for it.
    public enum MouseTracking: Int, Sendable, CaseIterable {
        case none = 0
        /// Presses only, without modifiers.
        case x10 = 9
        case clicks = 1000
        /// Also movement with a button held.
        case drags = 1002
        case motion = 1003
    }

    /// How the mouse is reported; the number of the mode that asks for it.
    public enum MouseEncoding: Int, Sendable, CaseIterable {
        case bytes = 0
        case utf8 = 1005
        case sgr = 1006
        case urxvt = 1015
        case sgrPixels = 1016
    }

    public internal(set) var isAutowrap = true
    public internal(set) var isCursorVisible = true
    /// Mode 12: the cursor blinks, whatever its style says.
    public internal(set) var isCursorBlinking = false
    public internal(set) var isApplicationCursorKeys = false
    public internal(set) var isApplicationKeypad = false
    public internal(set) var isBracketedPaste = false
    public internal(set) var reportsFocus = false
    public internal(set) var mouseTracking = MouseTracking.none
    public internal(set) var mouseEncoding = MouseEncoding.bytes
    public internal(set) var isReverseVideo = false
    public internal(set) var isOrigin = false
    /// Characters push those after them to the right.
    public internal(set) var isInsert = false
    /// A line feed also returns to the first column.
    public internal(set) var isNewline = false
    /// The program is amid an update that it wants to be shown at once. Not repainted: the end of it may never come.
    public internal(set) var isSynchronizedOutput = false
    /// Mode 69: left and right margins count.
    public internal(set) var hasSideMargins = false
    /// Mode 2031: the program is told when the terminal turns dark or light.
    public internal(set) var reportsColorScheme = false
    /// Mode 2048: the program is told of a new size by a sequence.
    public internal(set) var reportsSize = false
    /// Mode 1, 2 or 3 of xterm's modifyOtherKeys, or 0.
    public internal(set) var modifyOtherKeys = 0
    /// The style that DECSCUSR set, 0 to 6; 0 is the terminal's own.
    public internal(set) var cursorStyle = 0

    /// The modes of a fresh terminal.
    public init() {}

    /// The private modes that are a switch and no more, by number.
    static let switches: [(number: Int, path: any WritableKeyPath<ScreenModes, Bool> & Sendable)] = [
        (1, \.isApplicationCursorKeys), (5, \.isReverseVideo), (6, \.isOrigin), (7, \.isAutowrap),
        (12, \.isCursorBlinking), (25, \.isCursorVisible), (66, \.isApplicationKeypad), (69, \.hasSideMargins),
        (1004, \.reportsFocus), (2004, \.isBracketedPaste), (2026, \.isSynchronizedOutput),
        (2031, \.reportsColorScheme), (2048, \.reportsSize),
    ]

    /// Sets a private mode. An unknown one changes nothing.
    ///
    /// As in xterm, one kind of mouse tracking replaces another, and switching any of them off ends it; an encoding ends only
    /// by its own number.
    mutating func set(privateMode number: Int, to isOn: Bool) {
        if let mode = Self.switches.first(where: { $0.number == number }) {
            self[keyPath: mode.path] = isOn
        } else if number != 0, let tracking = MouseTracking(rawValue: number) {
            mouseTracking = isOn ? tracking : .none
        } else if number != 0, let encoding = MouseEncoding(rawValue: number) {
            if isOn { mouseEncoding = encoding } else if mouseEncoding == encoding { mouseEncoding = .bytes }
        }
    }

    /// What DECSTR resets; it leaves the mouse, pasting and the other modes that xterm added.
    ///
    /// See: xterm's ctlseqs, "Soft terminal reset"
    mutating func resetSoftly() {
        isAutowrap = true
        isCursorVisible = true
        isApplicationCursorKeys = false
        isApplicationKeypad = false
        isOrigin = false
        isInsert = false
        hasSideMargins = false
    }
}
