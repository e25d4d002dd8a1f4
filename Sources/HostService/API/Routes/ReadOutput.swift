import NIOHTTP1

/// `GET /v1/sessions/ID/output[?from=SEQ]`: what the ring holds, as raw terminal bytes.
///
/// `corral-from` is the sequence number of the first byte, greater than asked for when older ones were dropped;
/// `corral-next` is the one to ask for next; `corral-epoch` names the run of the numbers.
struct ReadOutput: Route {
    let method = HTTPMethod.GET
    let path = "/v1/sessions/{id}/output"
    let queryKeys: Set<String> = ["from"]
    let description = RouteDescription(
        "The raw output that is held, with `corral-from`, `corral-next` and `corral-epoch` in the header.",
        [.init(status: .ok, content: .other("application/octet-stream"), text: "Bytes of the terminal.")],
        failures: RouteDescription.terminalFailures)

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let id = try RequestValidation.lookUp(session: call.id)
        let slice = try await host.output(of: id, from: call.query.position("from"))
        return .response(
            .bytes(
                slice.bytes,
                headers: [
                    "corral-from": String(slice.from),
                    "corral-next": String(slice.from + UInt64(slice.bytes.count)),
                    "corral-epoch": slice.epoch,
                ]
            )
        )
    }
}
