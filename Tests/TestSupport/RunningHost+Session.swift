import CgroupPty
import Foundation
public import HostClient
public import HostProtocol

extension RunningHost.Place {
    /// The directory that its sessions begin in.
    public var work: String { directory.path + "/work" }

    /// Starts a session in an adopted directory of this place, whichever host serves it now.
    /// - Parameter size: of its terminal, or the host's standard.
    public func session(
        _ client: HostClient, _ command: [String], size: TerminalSize? = nil
    ) async throws -> SessionDocument {
        let path = work
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let id: String
        if let there = try await client.workspaces().first {
            id = there.id
        } else {
            id = try await client.createWorkspace(CreateWorkspaceRequest(kind: .adopted, path: path)).document.id
        }
        return try await client.createSession(in: id, CreateSessionRequest(size: size, command: command)).document
    }
}

extension RunningHost {
    /// Waits for what nobody announces.
    /// - Throws: ``Trouble`` when it is not so within a minute.
    public static func eventually(_ what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = Deadline.after(.seconds(60))
        while try await !isSo() {
            if deadline.hasPassed { throw Trouble(description: "not within 60 s: \(what)") }
            await Task.yield()
        }
    }
}
