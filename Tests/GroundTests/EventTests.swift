import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// Follows the events of a host, over its restarts.
final class EventWatcher: Sendable {
    private let client: HostClient
    private let seen = Locked<(events: [EventDocument], position: String?)>(([], nil))
    private let bell = Bell()

    init(_ client: HostClient) { self.client = client }

    var events: [EventDocument] { seen.withLock { $0.events } }

    /// Follows until the task is cancelled.
    func run() async throws {
        while !Task.isCancelled {
            do throws(HostClientFailure) {
                try await client.followEvents(since: seen.withLock { $0.position }) { item in
                    self.seen.withLock { seen in
                        switch item {
                        case .position(let id): seen.position = id
                        case .event(let event):
                            seen.position = event.id
                            do {
                                seen.events.append(try WireCoding.decode(EventDocument.self, from: event.data))
                            } catch { Issue.record("\(event.data): \(error)") }
                        }
                    }
                    self.bell.ring()
                }
            } catch {
                switch error {
                case .unreachable, .disconnected: do { try await Task.sleep(for: .milliseconds(5)) } catch { return }
                case .cancelled: return
                case .badResponse, .problem, .timedOut: throw error
                }
            }
        }
    }

    /// Waits until it hears the host.
    func begin() async throws { try await wait("a stream") { _ in self.seen.withLock { $0.position != nil } } }

    /// Waits until an event has come.
    @discardableResult
    func wait(
        for kind: EventDocument.Kind, _ isMeant: (EventDocument) -> Bool = { _ in true }
    ) async throws
        -> EventDocument
    {
        try await wait(kind.rawValue) { events in events.contains { $0.kind == kind && isMeant($0) } }
        return try #require(events.last { $0.kind == kind && isMeant($0) })
    }

    private func wait(_ what: String, until isSo: ([EventDocument]) -> Bool) async throws {
        let deadline = Deadline.after(.seconds(60))
        while !isSo(events) {
            if deadline.hasPassed {
                throw RunningHost.Trouble(description: "no \(what) in \(events.map { "\($0.kind) \($0.message)" })")
            }
            _ = await bell.wait(until: deadline)
        }
    }

    /// Runs a body while the events are followed.
    static func run(_ client: HostClient, _ body: (EventWatcher) async throws -> Void) async throws {
        let watcher = EventWatcher(client)
        let following = Task { try await watcher.run() }
        do {
            try await watcher.begin()
            try await body(watcher)
        } catch {
            following.cancel()
            throw error
        }
        following.cancel()
        try await following.value
    }
}

@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `The events of a host` {
    @Test func `tell a workspace's life in order`() async throws {
        try await Fixture.run { fixture in
            try await EventWatcher.run(fixture.client) { watcher in
                let workspace = try await fixture.workspace()
                let dying = try await fixture.session(workspace, "exit 7")
                try await watcher.wait(for: .sessionExited) { $0.session == dying.id }
                let killed = try await fixture.session(workspace, "exec sleep 1000")
                _ = try await fixture.client.killSession(killed.id)
                let last = try await fixture.session(workspace, "exec sleep 1000")
                let receipt = try await fixture.client.deleteWorkspace(workspace.id)
                let deleted = try await watcher.wait(for: .workspaceDeleted)
                #expect(deleted.receipt == receipt.id)
                #expect(deleted.outcome == "confirmed")
                // The host's first pass is of no workspace, and may come after the client.
                let events = watcher.events.filter { $0.kind != .reaperPass }
                #expect(
                    events.filter { $0.title != "git worktree add" }.map(\.kind) == [
                        .workspaceCreated, .sessionStarted, .sessionExited, .sessionStarted, .sessionKilled,
                        .sessionStarted, .workspaceDeleting, .sessionKilled, .workspaceDeleted,
                    ])
                #expect(events.allSatisfy { $0.workspace == workspace.id })
                #expect(Set(events.map(\.id)).count == events.count)
                let exit = try #require(events.first { $0.kind == .sessionExited && $0.session == dying.id })
                #expect(exit.exit == SessionDocument.Exit(code: 7, signal: nil))
                #expect(exit.endReason == .exited)
                let ends = events.filter { $0.kind == .sessionKilled }
                #expect(ends.map(\.session) == [killed.id, last.id])
                #expect(ends.map(\.endReason) == [.killed, .workspaceDeleted])
            }
        }
    }

    @Test func `tell a client of the host before that it has missed something`() async throws {
        let place = try RunningHost.Place()
        let first = try await RunningHost.start(place)
        try await EventWatcher.run(first.client) { watcher in
            try await first.kill()
            let second = try await RunningHost.start(place)
            let reset = try await watcher.wait(for: .reset)
            #expect(reset.missed == nil)
            try await watcher.wait(for: .hostStarted)
            #expect(watcher.events.map(\.kind).prefix(2) == [.reset, .hostStarted])
            try await second.stop()
        }
    }
}
