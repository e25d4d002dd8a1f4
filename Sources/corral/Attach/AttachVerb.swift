import ArgumentParser
import HostClient

/// `corral attach`
struct AttachVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Use a session's terminal from here.",
        discussion: """
            Detach with Ctrl-\\ d: the session lives on. Ctrl-\\ twice types one. With \
            stdin from a pipe, the pipe's bytes are typed, and the output goes on until the session ends.

            Example:
              corral attach tests --detach-keys ctrl-a,d

            Exit status: 0 detached, 69 the host went away; else the session's own, 128 and the number for a signal.
            """
    )

    @Argument(help: ArgumentHelp("Id or title.", valueName: "session"))
    var session: String

    @OptionGroup var keys: AttachOptions

    @OptionGroup var places: HostPlaces

    func run() async throws {
        try AttachRun.checkTerminal(isReadOnly: keys.readOnly)
        let client = try places.client()
        let id = try await client.sessionID(session)
        throw try await AttachRun(client, session: id, keys).run()
    }
}
