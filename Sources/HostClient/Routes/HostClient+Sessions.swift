public import HostProtocol

/// Sessions and what goes in and out of them.
extension HostClient {
    /// Starts a session in a workspace.
    public func createSession(
        in workspace: String, _ request: CreateSessionRequest = CreateSessionRequest(), timeout: Duration = .seconds(90)
    ) async throws(HostClientFailure) -> Creation<SessionDocument> {
        let path = "/v1/workspaces/\(RequestTarget.escape(workspace))/sessions"
        let body = try Self.body(request, for: "POST \(path)")
        let (document, status) = try await document(
            .post, path, body: body, timeout: timeout, as: SessionDocument.self
        )
        return Creation(document: document, isNew: status == 201)
    }

    /// Sessions, of one workspace when it is named.
    public func sessions(workspace: String? = nil) async throws(HostClientFailure) -> [SessionDocument] {
        try await document(.get, "/v1/sessions", query: workspace.map { [QueryItem("workspace", $0)] } ?? []).document
    }

    /// One session.
    public func session(_ id: String) async throws(HostClientFailure) -> SessionDocument {
        try await document(.get, Self.path(id)).document
    }

    /// Ends a session.
    /// - Parameter force: Starts with SIGKILL instead of SIGHUP.
    /// - Returns: what the kernel said. Only `confirmed` means that it is over.
    public func killSession(
        _ id: String, force: Bool = false, timeout: Duration = .seconds(120)
    ) async throws(HostClientFailure) -> SessionEndDocument {
        try await document(
            .delete, Self.path(id), query: force ? [QueryItem("force", "true")] : [], timeout: timeout
        ).document
    }

    /// Stops all that runs in a session, until it is thawed.
    public func freezeSession(_ id: String) async throws(HostClientFailure) -> SessionDocument {
        try await document(.post, Self.path(id) + "/freeze").document
    }

    /// Lets all that runs in a session go on.
    public func thawSession(_ id: String) async throws(HostClientFailure) -> SessionDocument {
        try await document(.post, Self.path(id) + "/thaw").document
    }

    /// Types into a session's terminal: the bytes as they are, in requests of at most what the host takes at once.
    public func sendInput(_ bytes: [UInt8], to id: String) async throws(HostClientFailure) {
        var rest = bytes[...]
        repeat {
            let part = rest.prefix(Self.largestInput)
            rest = rest.dropFirst(part.count)
            try await success(.post, Self.path(id, "input"), body: .bytes(Array(part)))
        } while !rest.isEmpty
    }

    /// Types a text into a session's terminal, in one request.
    /// - Parameters:
    ///   - asPaste: As a paste, where the application has asked to be told of those.
    ///   - withEnter: Followed by Enter, as a write of its own.
    public func sendText(
        _ text: String, asPaste: Bool, withEnter: Bool, to id: String
    ) async throws(HostClientFailure) {
        let path = Self.path(id, "input")
        let request = InputRequest(text: text, paste: asPaste, enter: withEnter)
        try await success(.post, path, body: try Self.body(request, for: "POST \(path)"))
    }

    /// Waits until something has happened in a session, at most for the request's timeout.
    ///
    /// The wait ends with the connection: a host that restarts meanwhile is `disconnected`, or a problem with the code
    /// `shutting_down`.
    public func wait(for request: WaitRequest, in id: String) async throws(HostClientFailure) -> WaitDocument {
        let path = Self.path(id, "wait")
        // What the host needs to answer once the time is up, with room for a machine that is busy.
        let timeout = Duration.seconds(request.timeout ?? WaitRequest.standardTimeout) + Self.defaultTimeout
        return try await document(
            .post, path, body: try Self.body(request, for: "POST \(path)"), timeout: timeout, as: WaitDocument.self
        ).document
    }

    /// Changes the size of a session's terminal.
    public func resizeSession(_ id: String, to size: TerminalSize) async throws(HostClientFailure) {
        let path = Self.path(id, "resize")
        try await success(.post, path, body: try Self.body(size, for: "POST \(path)"))
    }

    /// What the host still holds of a session's output, from `from` on or all of it.
    public func output(of id: String, from: UInt64? = nil) async throws(HostClientFailure) -> SessionOutput {
        let path = Self.path(id, "output")
        let reply = try await success(.get, path, query: from.map { [QueryItem("from", "\($0)")] } ?? [])
        guard let epoch = reply.headers["corral-epoch"], let first = reply.headers["corral-from"].flatMap(UInt64.init),
            let next = reply.headers["corral-next"].flatMap(UInt64.init)
        else {
            throw .badResponse(
                request: "GET \(path)",
                why: "it has no corral-epoch, corral-from and corral-next to say where it stands"
            )
        }
        return SessionOutput(epoch: epoch, from: first, next: next, bytes: reply.body)
    }

    /// What a session's terminal shows, with at most so many lines that have scrolled off it.
    public func screen(
        of id: String, history: Int = 0, cells: Bool = false
    ) async throws(HostClientFailure) -> ScreenDocument {
        var query = [QueryItem("history", "\(history)")]
        if cells { query.append(QueryItem("cells")) }
        return try await document(.get, Self.path(id, "screen"), query: query).document
    }

    /// Bytes of input a request: half of the host's limit on a body (1 MiB), so that either end may change.
    private static let largestInput = 512 << 10

    /// The path of a session or of something below it.
    static func path(_ id: String, _ part: String? = nil) -> String {
        "/v1/sessions/\(RequestTarget.escape(id))" + (part.map { "/\($0)" } ?? "")
    }
}
