import ArgumentParser
import HostProtocol

/// The root of the command line.
struct Corral: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "corral",
        abstract: "Workspaces and persistent terminals that end when you say so.",
        discussion: """
            A workspace is a git worktree (or a directory that you adopt) with a systemd slice of its own. A session is a \
            terminal in it that lives on when you detach. Deleting a workspace ends everything in its slice, and the \
            receipt says what the kernel confirmed.

            Begin:
              corral host start
              corral workspace create --repository ~/src/app --branch fix-login
              corral session create fix-login --attach
              corral workspace delete fix-login

            Where a workspace is wanted, give its id, its name if no other has it, or `.` for the one you are in. Where a \
            session is wanted, give its id or its title if no other has it.

            Exit status: 0 done, 3 not confirmed, 4 conflict or refused, 5 not found, 64 usage, 69 host not reachable, \
            124 a wait's time was up, 1 anything else; of several the worst in the order 1, 69, 64, 3, 4, 5, 0.
            """,
        version: HostVersion.current,
        subcommands: [
            DialStdio.self, HostCommand.self, RepositoryCommand.self, WorkspaceCommand.self, SessionCommand.self,
            AttachVerb.self, TopVerb.self, Stats.self, Ports.self, PortCommand.self, Receipts.self, ReceiptVerb.self,
            Reap.self, EventsVerb.self, StatusVerb.self, Doctor.self,
        ]
    )

    @OptionGroup var places: HostPlaces

    func run() async throws {
        // `--host= status` is read as `--host status`, and nothing would have been done without a word.
        guard [places.host, places.hosts, places.socket].allSatisfy({ $0 == nil }) else {
            throw ValidationError("Name what is to be done. `corral help` lists the verbs.")
        }
        throw CleanExit.helpRequest(self)
    }
}
