import HostClient
import HostProtocol

/// Freezes or thaws sessions, one after the other, each told on its own.
enum SessionBatch {
    /// - Parameters:
    ///   - sessions: Ids or titles.
    ///   - done: What is said of one once `verb` has been done to it, given by its id.
    static func run(
        _ sessions: [String], _ host: HostOptions, done: String,
        verb: @escaping @Sendable (HostClient, String) async throws -> SessionDocument
    ) async throws {
        let client = try host.client()
        let listed = await Listing { () async throws(HostClientFailure) in try await client.sessions() }
        try await VerbBatch.run(sessions, asJSON: host.json, isEnding: false) { argument in
            let id = try HostClient.sessionID(argument, among: try listed.get())
            let document = try await verb(client, id)
            return VerbBatch.Outcome(
                json: { try Console.print(json: document) }, text: "session \(id) (\(document.title)): \(done)",
                status: .done)
        }
    }
}
