import HostProtocol
import NIOHTTP1

/// `DELETE /v1/ports?workspace=ID&port=N[&protocol=tcp|udp]&force`: ends the processes that wait at a port of a workspace, unless
/// one of them is a session's leader.
///
/// Answers 200 when a look afterwards found that nobody waits there, else 202.
struct ClosePort: Route {
    let method = HTTPMethod.DELETE
    let path = "/v1/ports"
    let queryKeys: Set<String> = ["workspace", "port", "protocol", "force"]
    let description = RouteDescription(
        "Ends the processes that wait at a port of a workspace.",
        [
            .init(status: .ok, content: .document(PortEndDocument.self), text: "Nobody waits there any more."),
            .init(
                status: .accepted, content: .document(PortEndDocument.self),
                text: "Somebody does, or that is not known."),
        ],
        failures: [
            .workspaceNotFound(""), .portNotFound(""), .sessionLeader(""), .conflict(""), .groundUnreadable(""),
        ],
        neededKeys: ["workspace", "port"])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        guard let workspace = try call.query.text("workspace"), let port = try call.query.position("port") else {
            throw HostFailure.invalidRequest("query: \"workspace\" and \"port\" are needed; nothing was ended")
        }
        guard (1...65_535).contains(port) else {
            throw HostFailure.invalidRequest("query: \"port\" is 1 to 65535, and not \(port); nothing was ended")
        }
        let selection = PortSelection(
            workspace: try RequestValidation.lookUp(workspace: workspace), port: Int(port),
            transport: try transport(call.query), force: try call.query.flag("force"))
        let end = try await host.closePort(selection)
        return .response(try .document(end.closed == true ? .ok : .accepted, end))
    }

    private func transport(_ query: QueryParameters) throws(HostFailure) -> PortDocument.TransportProtocol? {
        guard let text = try query.text("protocol") else { return nil }
        guard let transport = PortDocument.TransportProtocol(rawValue: text) else {
            throw .invalidRequest("query: \"protocol\" is tcp or udp, and not \"\(text)\"; nothing was ended")
        }
        return transport
    }
}
