import ArgumentParser
import HostClient

/// `corral session send`
struct SessionSend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Type a text and Enter into a session.",
        discussion: """
            A program that tells pastes from typing (a shell's prompt, an editor, an agent) gets the text as a paste, so that a \
            newline in it does not act as a key. With --keys, or when the text holds a control character other than tab and \
            newline, it is typed as it is. Enter follows as a write of its own.

            Examples:
              corral session send tests 'make check'
              corral session send editor --keys ':wq'
              corral session send tests --no-enter $'\\x03'
            """
    )

    /// What is printed with `--json`.
    struct Sent: Encodable {
        /// The session's id.
        var id: String
        /// Bytes typed, with the Enter.
        var bytes: Int
    }

    @Argument(help: ArgumentHelp("Id or title.", valueName: "session"))
    var session: String

    @Argument(help: ArgumentHelp("What to type. A text that begins with a dash comes after `--`.", valueName: "text"))
    var text: String

    @Flag(help: "Do not press Enter.")
    var noEnter = false

    @Flag(help: "Type the text, also where the program would take it as a paste.")
    var keys = false

    @OptionGroup var host: HostOptions

    func validate() throws {
        if text.isEmpty, noEnter { throw ValidationError("There is nothing to send: no text and no Enter.") }
    }

    /// Whether the text may go as a paste: in one, Ctrl-C and arrow keys would be text.
    var isPaste: Bool {
        let controls = text.unicodeScalars.filter { $0.properties.generalCategory == .control }
        return !keys && controls.allSatisfy { $0 == "\n" || $0 == "\t" }
    }

    func run() async throws {
        let client = try host.client()
        let id = try await client.sessionID(session)
        try await client.sendText(text, asPaste: isPaste, withEnter: !noEnter, to: id)
        if host.json { try Console.print(json: Sent(id: id, bytes: text.utf8.count + (noEnter ? 0 : 1))) }
    }
}
