import HostProtocol
import NIOHTTP1

/// `GET /v1/receipts[?workspace=ID]`: receipts, the newest first.
struct ListReceipts: Route {
    let method = HTTPMethod.GET
    let path = "/v1/receipts"
    let queryKeys: Set<String> = ["workspace"]
    let description = RouteDescription(
        "Receipts, the newest first.", [ReceiptDocument].self, failures: [.workspaceNotFound("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let workspace = try call.query.text("workspace")
        if let workspace { _ = try RequestValidation.lookUp(workspace: workspace) }
        return .response(try .document(.ok, await host.receipts(workspace: workspace)))
    }
}
