/// Any text as one line: what would break it, or steer whatever shows it, is replaced.
public enum OneLine {
    /// The text with U+FFFD for each control character and each separator of lines and paragraphs.
    public static func of(_ text: some StringProtocol) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { line.append(breaks(scalar) ? "\u{fffd}" : scalar) }
        return String(line)
    }

    /// Whether a text is one already.
    public static func fits(_ text: some StringProtocol) -> Bool { !text.unicodeScalars.contains(where: breaks) }

    /// A transient unit's description. It is written into the unit's file as it is, and the file is read again at every reload: a
    /// newline in it would begin another directive, and a backslash at its end would take in the next one.
    ///
    /// See: systemd.syntax(7); systemd v252 src/core/dbus-unit.c, `bus_unit_set_transient_property`
    static func description(_ text: String) -> String { String(of(text).map { $0 == "\\" ? "/" : $0 }) }

    private static func breaks(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
