import ArgumentParser
import HostClient

/// `corral session logs`
struct SessionLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print the raw output of a session.",
        discussion: """
            Prints the bytes that the host holds of a session's output, escape sequences and all, also of one that has ended. \
            Bytes are counted from the session's beginning; when some that are asked for are no longer held, stderr \
            says so. `corral session read` prints plain text instead.

            Examples:
              corral session logs tests > tests.log
              corral session logs tests --follow --from 4096

            With --follow it goes on until the session ends, also over a restart of the host, and ends with 0 then, however the \
            session ended: `corral session wait tests --exit` tells that.
            """
    )

    @Argument(help: ArgumentHelp("Id or title.", valueName: "session"))
    var session: String

    @Flag(name: [.short, .long], help: "Go on until the session ends.")
    var follow = false

    @Option(help: ArgumentHelp("The first byte to print. Else the oldest that is held.", valueName: "seq"))
    var from: UInt64?

    @OptionGroup var places: HostPlaces

    func run() async throws {
        let client = try places.client()
        var log = OutputLog(client, session: try await client.sessionID(session), from: from)
        if follow { try await log.follow() } else { try await log.printHeld() }
    }
}
