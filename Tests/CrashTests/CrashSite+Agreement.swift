import CgroupPty
import HostClient
import HostProtocol
import TestSupport
import Testing

extension CrashSite {
    /// Has two passes made, then requires that index and kernel agree (I4): a scope holds processes if and only if an active
    /// row claims it.
    /// - Parameter unsettled: sessions whose command never ran. Their rows are `lost` only past the age floor of 30 seconds; until
    ///   then they must not have a scope that holds anything.
    func expectAgreement(
        _ host: RunningHost, unsettled: Set<String> = [], _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        _ = try await host.client.reap()
        _ = try await host.client.reap()
        let rows = try await host.client.sessions()
        let claimed = Set(rows.filter { $0.status == .active && !unsettled.contains($0.id) }.map(\.unit))
        #expect(try populatedScopes() == claimed, comment, sourceLocation: sourceLocation)
        #expect(
            rows.allSatisfy { [.active, .exited, .disposed].contains($0.status) || unsettled.contains($0.id) },
            "\(rows.map { "\($0.id) \($0.status)" })", sourceLocation: sourceLocation)
    }

    /// Requires that another workspace's session was not touched.
    func expectUntouched(
        _ host: RunningHost, _ session: SessionDocument, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let now = try await host.client.session(session.id)
        #expect(now.status == .active, sourceLocation: sourceLocation)
        #expect(now.leaderPid == session.leaderPid, sourceLocation: sourceLocation)
        #expect(
            try world.inUnit(session.unit).map { Int($0.rawValue) } == [session.leaderPid],
            sourceLocation: sourceLocation)
    }

    /// Asks for a delete until it is done.
    func deleted(
        _ host: RunningHost, _ workspace: WorkspaceDocument,
        _ options: DeleteWorkspaceOptions = DeleteWorkspaceOptions()
    ) async throws -> ReceiptDocument {
        var receipt = try await host.client.deleteWorkspace(workspace.id, options)
        try await eventually("the delete of \(workspace.id) is done: \(receipt)", within: .seconds(60)) {
            receipt = try await host.client.deleteWorkspace(workspace.id, options)
            return receipt.state == .deleted
        }
        return receipt
    }

    /// The code of the problem that a request is answered with; nil when it is answered otherwise.
    static func code<Answer>(_ body: () async throws -> Answer) async throws -> String? {
        do {
            _ = try await body()
            return nil
        } catch HostClientFailure.problem(let problem) {
            return problem.code
        }
    }
}
