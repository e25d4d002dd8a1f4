import HostClient
import HostProtocol

/// The ports that `corral top` shows, looked for so seldom that it takes 2 thousandths of a processor: a look goes through the
/// descriptors of all processes.
actor TopPorts {
    /// The shortest time between two looks.
    private static let shortestPause = Duration.seconds(5)
    /// From the end of one look to the next, in lengths of a look.
    private static let pauses = 500

    private let client: HostClient
    private let workspace: String?
    private var nextLook = ContinuousClock.now
    /// By workspace and by session, each once, in their order.
    private(set) var known: [String: [Int]] = [:]

    /// Nothing is known yet.
    init(_ client: HostClient, workspace: String?) {
        self.client = client
        self.workspace = workspace
    }

    /// Looks, if it is time.
    /// - Returns: whether it did.
    func look() async throws(HostClientFailure) -> Bool {
        guard .now >= nextLook else { return false }
        let began = ContinuousClock.now
        // Also when it fails: a host that cannot is not asked at once again.
        nextLook = began + Self.shortestPause
        known = Self.ports(try await client.ports(workspace: workspace))
        nextLook = .now + max(Self.shortestPause, (.now - began) * Self.pauses)
        return true
    }

    private static func ports(_ list: PortListDocument) -> [String: [Int]] {
        var ports: [String: Set<Int>] = [:]
        for port in list.ports {
            ports[port.workspace, default: []].insert(port.port)
            if let session = port.session { ports[session, default: []].insert(port.port) }
        }
        return ports.mapValues { $0.sorted() }
    }
}
