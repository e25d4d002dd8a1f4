import ArgumentParser
import HostClient
import HostProtocol

/// `corral workspace delete`
struct WorkspaceDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "End all that runs in workspaces and remove them.",
        discussion: """
            Ends every process in the workspace's slice and waits until the kernel confirms it, then removes the worktree. \
            Refuses when work would be lost: changes, untracked files, commits on no branch. What it found and did is \
            kept as a receipt. A delete that has begun goes on by itself, whatever becomes of this command.

            Example:
              corral workspace delete fix-login --delete-branch

            Exit status: 0 confirmed, 3 not confirmed (yet), 4 refused, 5 not found.
            """,
        aliases: ["rm"]
    )

    @Argument(help: ArgumentHelp("Ids, names, or `.` for the one you are in.", valueName: "workspace"))
    var workspaces: [String]

    @Flag(help: "Discard unsaved work, and kill without asking the processes first.")
    var force = false

    @Flag(help: "Also delete the branch: when it is merged, or with --force.")
    var deleteBranch = false

    @Option(help: ArgumentHelp("What becomes of .corral/teardown: run or skip.", valueName: "run|skip"))
    var teardown = TeardownArgument.run

    @Flag(help: "Remove the workspace even when processes cannot be ended. The reaper goes on trying.")
    var abandon = false

    @Flag(help: "Say what would happen and do nothing.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Wait so long for the kernel's word. When absent 30, and 60 more where a teardown script may run.",
            valueName: "seconds"))
    var timeout: Double?

    @OptionGroup var host: HostOptions

    func validate() throws {
        if let timeout, !(0...3600).contains(timeout) {
            throw ValidationError("--timeout takes 0 to 3600 seconds.")
        }
    }

    func run() async throws {
        let client = try host.client()
        let options = DeleteWorkspaceOptions(
            force: force, deleteBranch: deleteBranch, teardown: teardown.choice, abandon: abandon, dryRun: dryRun,
            timeout: timeout
        )
        let listed = await Listing { () async throws(HostClientFailure) in try await client.workspaces(all: true) }
        try await VerbBatch.run(workspaces, asJSON: host.json) { argument in
            let id = try client.workspaceID(argument, among: try listed.get())
            let receipt = try await client.deleteWorkspace(id, options)
            let report = ReceiptReport(receipt, .local)
            return VerbBatch.Outcome(
                json: { try Console.print(json: receipt) }, text: report.text, status: report.status
            )
        }
    }
}
