import ArgumentParser
import Glibc
import HostClient

/// `corral session send`
struct SessionSend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Type a text and Enter into a session.",
        discussion: """
            A program that tells pastes from typing (a shell's prompt, an editor, an agent) gets the text as a paste, so that a \
            newline in it does not act as a key. With --keys, or when the text holds a control character other than tab and \
            newline, it is typed as it is. Enter follows as a write of its own. Of what is read from stdin it takes the place of the \
            last newline, and CR LF is a newline.

            Examples:
              corral session send tests 'make check'
              corral session send agent <prompt.md
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

    @Argument(
        help: ArgumentHelp(
            "What to type; without it, what stdin has. A text that begins with a dash comes after `--`.",
            valueName: "text"))
    var text: String?

    @Flag(help: "Do not press Enter.")
    var noEnter = false

    @Flag(help: "Type the text, also where the program would take it as a paste.")
    var keys = false

    @OptionGroup var host: HostOptions

    func validate() throws {
        if text?.isEmpty == true, noEnter { throw ValidationError("There is nothing to send: no text and no Enter.") }
    }

    /// Whether a text may go as a paste: in one, Ctrl-C and arrow keys would be text.
    func isPaste(_ text: String) -> Bool {
        let controls = text.unicodeScalars.filter { $0.properties.generalCategory == .control }
        return !keys && controls.allSatisfy { $0 == "\n" || $0 == "\t" }
    }

    func run() async throws {
        let text = try text ?? standardInput()
        let client = try host.client()
        let id = try await client.sessionID(session)
        try await client.sendText(text, asPaste: isPaste(text), withEnter: !noEnter, to: id)
        if host.json { try Console.print(json: Sent(id: id, bytes: text.utf8.count + (noEnter ? 0 : 1))) }
    }

    /// Reads what is to be typed.
    private func standardInput() throws -> String {
        guard isatty(STDIN_FILENO) == 0 else {
            throw ValidationError("Send what? Give a text, or let stdin come from a file or a pipe.")
        }
        guard var text = String(validating: try Self.readStandardInput(), as: UTF8.self) else {
            throw ValidationError("What stdin has is no text in UTF-8; nothing was sent.")
        }
        // Enter alone would confirm whatever an agent asks.
        guard !text.isEmpty else { throw ValidationError("Stdin is empty; nothing was sent.") }
        text.replace("\r\n", with: "\n")
        if !noEnter, text.last == "\n" { text.removeLast() }
        return text
    }

    /// See: read(2)
    private static func readStandardInput() throws -> [UInt8] {
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(STDIN_FILENO, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CommandFailure.failed("read stdin: \(String(cString: strerror(errno))); nothing was sent.")
            }
            if count == 0 { return text }
            text += piece[..<count]
            guard text.count <= textLimit else {
                throw ValidationError(
                    "What stdin has is more than the 512 KiB that are sent at once; nothing was sent.")
            }
        }
    }

    /// Bytes that are read. What JSON makes of them can be more than a request takes, which the host says.
    private static let textLimit = 512 << 10
}
