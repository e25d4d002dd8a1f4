import NIOHTTP1

/// Finds the route of a request.
///
/// A path is either one of the table's or it is not: segments are compared as they were sent, since nothing that a
/// route names needs percent-encoding. A dozen and a half of routes need no tree.
struct RouteTable: Sendable {
    private struct Entry: Sendable {
        let segments: [Substring]
        let route: any Route
    }

    private let entries: [Entry]
    /// The routes, in the order of the table.
    var routes: [any Route] { entries.map(\.route) }

    /// Makes a table.
    init(_ routes: [any Route]) {
        entries = routes.map { Entry(segments: Self.segments($0.path[...]), route: $0) }
    }

    /// All that the interface serves.
    static let all = RouteTable([
        GetStatus(), GetOpenAPI(),
        CreateWorkspace(), ListWorkspaces(), GetWorkspace(), ChangeWorkspace(), DeleteWorkspace(),
        CreateSession(), ListSessions(), GetSession(), ChangeSession(), KillSession(),
        FreezeWorkspace(), ThawWorkspace(), FreezeSession(), ThawSession(),
        SendInput(), ResizeSession(), ReadOutput(), ReadScreen(), AttachSession(), WaitForSession(),
        ListPorts(), ClosePort(),
        ListReceipts(), GetReceipt(), StreamEvents(),
        GetStats(), GetLoad(), GetMetrics(), GetDiskUsage(),
        RunReaperPass(), GetReaper(), TrustRepository(),
    ])

    /// Finds the route of a request. HEAD is GET whose body is kept back.
    /// - Throws: ``APIRefusal/routeNotFound(_:)`` or ``APIRefusal/methodNotAllowed(_:allowed:)``.
    func route(of request: APIRequest) throws(APIRefusal) -> (route: any Route, id: String) {
        let method = request.method == .HEAD ? .GET : request.method
        let segments = Self.segments(request.path)
        var allowed: Set<String> = []
        for entry in entries {
            guard let id = Self.match(segments, entry.segments) else { continue }
            if entry.route.method == method { return (entry.route, id) }
            allowed.insert(entry.route.method.rawValue)
        }
        guard allowed.isEmpty else {
            if allowed.contains("GET") { allowed.insert("HEAD") }
            throw .methodNotAllowed(
                "\(request.method) \(request.path): this address has other methods; nothing was done",
                allowed: allowed.sorted()
            )
        }
        throw .routeNotFound(
            "\(request.method) \(request.path.prefix(256)): there is no such address; nothing was done")
    }

    private static func segments(_ path: Substring) -> [Substring] {
        path.split(separator: "/" as Character, omittingEmptySubsequences: false)
    }

    /// - Returns: What stood for `{id}`, empty without one; nil when the path is another.
    private static func match(_ segments: [Substring], _ pattern: [Substring]) -> String? {
        guard segments.count == pattern.count else { return nil }
        var id = ""
        for (segment, expected) in zip(segments, pattern) {
            if expected == "{id}" {
                guard !segment.isEmpty else { return nil }
                id = String(segment)
            } else if segment != expected {
                return nil
            }
        }
        return id
    }
}
