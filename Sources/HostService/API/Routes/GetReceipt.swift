import HostProtocol
import NIOHTTP1

/// `GET /v1/receipts/ID`.
struct GetReceipt: Route {
    let method = HTTPMethod.GET
    let path = "/v1/receipts/{id}"
    let description = RouteDescription(
        "One receipt.", ReceiptDocument.self, failures: [.receiptNotFound("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        .response(try .document(.ok, await host.receipt(RequestValidation.lookUp(receipt: call.id))))
    }
}
