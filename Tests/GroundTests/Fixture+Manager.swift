import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport

/// What tests do to the manager behind the host's back, and how they wait for what the host does about it.
extension Fixture {
    /// Something did not become true in time.
    struct NeverHappened: Error, CustomStringConvertible {
        let description: String
    }

    /// Says to `systemctl`, `systemd-run` and `busctl` which manager is meant.
    static var manager: String { Ground.isSystem ? "--system" : "--user" }

    /// The built command line program, by a path that holds in every directory.
    static var program: String { URL(fileURLWithPath: Ground.programs + "/corral").standardizedFileURL.path }

    /// Runs a body with a fixture. Ends everything of the instance afterwards, also when the body failed.
    static func swept(arguments: [String] = [], _ body: (Fixture) async throws -> Void) async throws {
        let fixture = try await make(arguments: arguments)
        try await fixture.sweeping { try await body(fixture) }
    }

    /// Ends everything below an instance's slice.
    static func sweep(_ instance: String) {
        end("corral-\(instance).slice")
        _ = try? Shell.run("systemctl \(manager) reset-failed 'corral-\(instance)*'")
    }

    /// Ends a unit that a test has made, if it is still there.
    static func end(_ unit: String) {
        _ = try? Shell.run(
            "systemctl \(manager) kill -s KILL '\(unit)' || true; systemctl \(manager) stop '\(unit)' || true")
    }

    /// Asks again and again, until the answer is yes or the deadline has passed.
    func eventually(
        _ what: String, within limit: Duration = .seconds(60), _ isTrue: () async throws -> Bool
    ) async throws {
        let deadline = Deadline.after(limit)
        while try await !isTrue() {
            guard !deadline.hasPassed else { throw NeverHappened(description: "\(what): not within \(limit)") }
            // A pause between two questions, so that the answer has a processor to be worked out on.
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// The unit of a session's scope.
    static func scope(_ instance: String, _ workspace: String, _ session: String) -> String {
        "corral-\(instance)-\(workspace)-\(session).scope"
    }

    /// Starts a scope behind the host's back, with one process in it, as a host that lost its index would have left it.
    func orphan(_ unit: String, slice: String) async throws {
        try Shell.launch(
            "systemd-run \(Self.manager) --quiet --scope --slice=\(slice) --unit=\(unit) sleep 1000",
            pidFile: directory.path + "/launched")
        try await eventually("\(unit) holds its process", within: .seconds(20)) { try world.inUnit(unit).count == 1 }
    }
}
