import FoundationEssentials
import Glibc

/// Whether text may be coloured, and how.
///
/// See: https://no-color.org
struct TextStyle: Sendable {
    /// The colours that Corral uses, by meaning.
    enum Colour: String, Sendable {
        case good = "32"
        case pending = "33"
        case bad = "31"
    }

    /// Whether escape sequences are written at all.
    let isColoured: Bool

    /// What fits stdout and the user's wishes.
    static var standardOutput: TextStyle {
        let environment = ProcessInfo.processInfo.environment
        return TextStyle(environment: environment, isTerminal: isatty(STDOUT_FILENO) == 1)
    }

    /// Decides from the environment: a terminal that is not dumb, and no `NO_COLOR`.
    init(environment: [String: String], isTerminal: Bool) {
        isColoured = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// The text, coloured where that is allowed.
    func paint(_ text: String, _ colour: Colour?) -> String {
        guard isColoured, let colour else { return text }
        return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
    }
}
