import ArgumentParser
import HostClient

/// `corral session send`
struct SessionSend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Type a text and Enter into a session.",
        discussion: """
            The text is typed as it is. Enter follows as a write of its own, so that a program which reads a paste in one \
            piece still sees it as a key.

            Examples:
              corral session send tests 'make check'
              corral session send tests --no-enter q
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

    @OptionGroup var host: HostOptions

    /// What goes to the terminal, write by write.
    var writes: [[UInt8]] {
        (text.isEmpty ? [] : [Array(text.utf8)]) + (noEnter ? [] : [[UInt8(ascii: "\r")]])
    }

    func run() async throws {
        let client = try host.client()
        let id = try await client.sessionID(session)
        for bytes in writes { try await client.sendInput(bytes, to: id) }
        if host.json { try Console.print(json: Sent(id: id, bytes: writes.joined().count)) }
    }
}
