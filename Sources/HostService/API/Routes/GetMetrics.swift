import HostProtocol
import NIOHTTP1

/// `GET /metrics`: the same figures for Prometheus.
struct GetMetrics: Route {
    let method = HTTPMethod.GET
    let path = "/metrics"
    let description = RouteDescription(
        "The same figures for Prometheus.",
        [.init(status: .ok, content: .other("text/plain"), text: "Prometheus' text format, version 0.0.4.")],
        failures: [.groundUnreadable("")])

    func answer(_ call: RouteCall, on host: any HostOperations) async throws -> APIAnswer {
        let text = MetricsText.text(try await host.stats(workspace: nil), version: HostVersion.current)
        return .response(.text(text, type: "text/plain; version=0.0.4; charset=utf-8"))
    }
}
