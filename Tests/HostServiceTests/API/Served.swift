import Glibc
import Logging
import ServiceLifecycle
import Testing

@testable import HostService

/// A server on a socket in a directory of its own, for the time of a test.
struct Served: Sendable {
    let host: FakeHost
    let path: String
    /// What the server wrote to its log, from `warning` on.
    let log: LogLines
    private let group: ServiceGroup

    func client() throws -> RawClient { try RawClient(path: path) }

    /// Asks the server to stop.
    func stop() async { await group.triggerGracefulShutdown() }

    /// Runs a server, and stops it when the body is through.
    static func run(
        limits: APILimits = APILimits(),
        mayConnect: @escaping @Sendable (PeerCredentials) -> Bool = { $0.isServed(byUser: geteuid()) },
        _ body: @escaping @Sendable (Served) async throws -> Void
    ) async throws {
        let directory = try SocketDirectory()
        let path = directory.socket
        let log = LogLines()
        let host = FakeHost()
        let (isListening, listening) = AsyncStream.makeStream(of: Void.self)
        let server = APIServer(
            socket: try ListeningSocket.bind(path: path), host: host,
            logger: Logger(label: "test") { _ in log.handler }, limits: limits,
            mayConnect: mayConnect, onListening: { listening.finish() }
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server)], logger: Logger(label: "group") { _ in log.handler })
        )
        let served = Served(host: host, path: path, log: log, group: group)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                for await _ in isListening {}
                do {
                    try await body(served)
                } catch {
                    await served.stop()
                    throw error
                }
                await served.stop()
            }
            try await tasks.waitForAll()
        }
        directory.remove()
    }

    /// Waits until something is so; the test fails where the deadline passes.
    func eventually(
        _ what: String, atMost seconds: Double = 60, _ condition: @Sendable () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while try await !condition() {
            guard ContinuousClock.now < end else { throw RawClient.Failure(description: "never so: \(what)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension Served {
    /// Runs a server, attaches a client, and hands both ends to the body.
    static func attached(
        limits: APILimits = APILimits(),
        _ body: @escaping @Sendable (RawClient, FakeAttachment, Served) async throws -> Void
    ) async throws {
        try await run(limits: limits) { served in
            let client = try served.client()
            #expect(try await client.attach().status == 101)
            let attachment = try #require(served.host.now.attachments.first)
            try await body(client, attachment, served)
        }
    }
}
