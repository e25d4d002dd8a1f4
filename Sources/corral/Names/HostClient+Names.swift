import HostClient
import HostProtocol

/// From what the user types to ids.
extension HostClient {
    /// The id of the workspace that the user means.
    func workspaceID(_ name: String) async throws -> String {
        try workspaceID(name, among: try await workspaces(all: true))
    }

    /// The id of the workspace that the user means, of those that are listed.
    func workspaceID(_ name: String, among workspaces: [WorkspaceDocument]) throws(CommandFailure) -> String {
        if name == ".", address.isRemote {
            throw .refused("`.` is a directory of this machine, and the host is \(address). Give an id or a name.")
        }
        return try Self.workspaceID(name, among: workspaces)
    }

    /// A path as the host can use it: absolute, since its working directory is another.
    func path(_ path: String) throws(CommandFailure) -> String {
        // What is left of a variable that is not set would be the current directory.
        guard !path.isEmpty else { throw .refused("A path is wanted, and the one given is empty. Nothing was done.") }
        if address.isRemote, !path.hasPrefix("/") {
            throw .refused(
                "\(path) is a path of this machine, and the host is \(address). Give an absolute path of that one.")
        }
        return try CurrentDirectory.absolute(path)
    }

    /// The id of the workspace that the user means, of those that are listed.
    static func workspaceID(_ name: String, among workspaces: [WorkspaceDocument]) throws(CommandFailure) -> String {
        if name == "." {
            let directory = try CurrentDirectory.path()
            let paths = workspaces.map { (id: $0.id, path: CurrentDirectory.real($0.path)) }
            guard let id = CurrentDirectory.workspace(holding: directory, among: paths) else {
                throw .outsideWorkspaces(directory: directory)
            }
            return id
        }
        let things = workspaces.map {
            NamedThing(id: $0.id, name: $0.name, isLive: $0.state != .deleting, distinction: $0.path)
        }
        return try NameResolution(name, among: things).id(for: name, .workspace)
    }

    /// The id of the session that the user means.
    func sessionID(_ name: String) async throws -> String {
        try Self.sessionID(name, among: try await sessions())
    }

    /// The id of the session that the user means, of those that are listed.
    static func sessionID(_ name: String, among sessions: [SessionDocument]) throws(CommandFailure) -> String {
        let things = sessions.map { session in
            NamedThing(
                id: session.id, name: session.title, isLive: session.status != .exited && session.status != .disposed,
                distinction: "in \(session.workspace ?? "no workspace"), \(session.command.joined(separator: " "))"
            )
        }
        return try NameResolution(name, among: things).id(for: name, .session)
    }
}
