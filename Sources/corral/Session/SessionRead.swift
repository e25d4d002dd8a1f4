import ArgumentParser
import HostClient
import HostProtocol

/// `corral session read`
struct SessionRead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Print what a session's terminal shows.",
        discussion: """
            Prints the screen as text, and with --lines as many lines above it as that takes, up to 1,000. For the bytes as \
            they came: corral session logs.

            Example:
              corral session read tests --lines 100
            """
    )

    @Argument(help: ArgumentHelp("Id or title.", valueName: "session"))
    var session: String

    @Option(
        help: ArgumentHelp("The last lines, with those that have scrolled off. Else the screen.", valueName: "count"))
    var lines: Int?

    @Flag(help: "With --json: how each character looks, too.")
    var cells = false

    @OptionGroup var host: HostOptions

    func validate() throws {
        if let lines, lines < 1 { throw ValidationError("--lines takes a number from 1 on.") }
    }

    func run() async throws {
        let client = try host.client()
        let id = try await client.sessionID(session)
        let screen = try await client.screen(of: id, history: min(lines ?? 0, 1000), cells: cells)
        if host.json { return try Console.print(json: screen) }
        let text = Self.text(screen, lines: lines)
        if !text.isEmpty { Console.print(text.joined(separator: "\n")) }
    }

    /// The lines to print: up to the last one that is not blank.
    static func text(_ screen: ScreenDocument, lines: Int?) -> [String] {
        let all = screen.history + screen.lines
        let end = all.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? 0
        return Array(all[..<end].suffix(lines ?? all.count))
    }
}
