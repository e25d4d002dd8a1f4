import Logging

/// An entry as a person reads it at a terminal: the level, the message, and what names the things in it.
enum LogLine {
    /// Fields for programs, or that say again what another one says.
    private static let left: Set<String> = ["event", "message_id", Logger.Metadata.unitKey]

    /// The line, without a newline at its end. What could steer the terminal, as in a title that somebody chose, is shown as its number.
    static func text(
        _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata, isColoured: Bool
    ) -> String {
        let tail = fields.filter { !left.contains($0.key) }.sorted { $0.key < $1.key }
            .map { " \($0.key)=\($0.value)" }.joined()
        return painted("\(level):", level, isColoured) + harmless(" \(message)")
            + painted(harmless(tail), .debug, isColoured)
    }

    /// Whether colours are wanted: at a terminal that is not dumb, and not where `NO_COLOR` is set.
    ///
    /// See: https://no-color.org
    static func mayBeColoured(environment: [String: String], isTerminal: Bool) -> Bool {
        isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    private static func painted(_ text: String, _ level: Logger.Level, _ isColoured: Bool) -> String {
        let colour =
            switch level {
            case .critical, .error: "31"
            case .warning: "33"
            case .notice: "1"
            case .info: ""
            case .debug, .trace: "2"
            }
        return isColoured && !colour.isEmpty && !text.isEmpty ? "\u{1b}[\(colour)m\(text)\u{1b}[0m" : text
    }

    private static func harmless(_ text: String) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.reduce(into: "") { line, scalar in
            line += isControl(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
    }
}
