import ArgumentParser
import HostClient
import HostProtocol

/// Which workspaces `freeze` and `thaw` are for: those that are named, or all.
struct FreezeArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("Ids, names, or `.` for the one you are in.", valueName: "workspace"))
    var workspaces: [String] = []

    @Flag(help: "Every workspace that it concerns.")
    var all = false

    func validate() throws {
        guard workspaces.isEmpty == all else { throw ValidationError("Give workspaces, or --all.") }
    }

    /// Does it to each.
    /// - Parameters:
    ///   - isConcerned: Which of all workspaces are meant by `--all`.
    ///   - verb: Does it to one, given by its id.
    func run(
        _ client: HostClient, asJSON: Bool, all isConcerned: (WorkspaceDocument) -> Bool,
        verb: @escaping @Sendable (String) async throws -> VerbBatch.Outcome
    ) async throws {
        let listed = await Listing { () async throws(HostClientFailure) in try await client.workspaces(all: !all) }
        let names = all ? try listed.get().filter(isConcerned).map(\.id) : workspaces
        try await VerbBatch.run(names, asJSON: asJSON, isEnding: false) { argument in
            try await verb(HostClient.workspaceID(argument, among: try listed.get()))
        }
    }
}
