import ArgumentParser
import HostClient

/// `corral session read`
struct SessionRead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Print the last lines that a session has put out.",
        discussion: """
            Prints the output that the host still holds as plain text: escape sequences are removed. What a full-screen \
            program draws does not read well this way.

            Example:
              corral session read tests --lines 20
            """
    )

    /// What is printed with `--json`.
    struct Reading: Encodable {
        /// The session's id.
        var id: String
        /// Names the run of the sequence numbers.
        var epoch: String
        /// Sequence number of the first byte that was looked at.
        var from: UInt64
        /// Sequence number after the last byte that was looked at.
        var next: UInt64
        /// The last lines.
        var lines: [String]
    }

    @Argument(help: ArgumentHelp("Id or title.", valueName: "session"))
    var session: String

    @Option(help: ArgumentHelp("How many lines. Else all that the host holds.", valueName: "count"))
    var lines: Int?

    @OptionGroup var host: HostOptions

    func validate() throws {
        if let lines, lines < 1 { throw ValidationError("--lines takes a number from 1 on.") }
    }

    func run() async throws {
        let client = try host.client()
        let id = try await client.sessionID(session)
        let output = try await client.output(of: id)
        let all = PlainText(output.bytes).lines
        let last = lines.map { Array(all.suffix($0)) } ?? all
        if host.json {
            try Console.print(
                json: Reading(id: id, epoch: output.epoch, from: output.from, next: output.next, lines: last)
            )
        } else if !last.isEmpty {
            Console.print(last.joined(separator: "\n"))
        }
    }
}
