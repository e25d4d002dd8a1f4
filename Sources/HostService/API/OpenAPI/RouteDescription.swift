import NIOHTTP1

/// What the OpenAPI document says of a route beside what the route itself goes by: its method, its path, its query and its body.
struct RouteDescription: Sendable {
    /// An answer that is no error.
    struct Answer: Sendable {
        let status: HTTPResponseStatus
        let content: Content
        /// When it is given.
        let text: String
    }

    /// What an answer carries.
    enum Content: Sendable {
        case document(any (Decodable & Sendable).Type)
        /// Anything but JSON, by its media type.
        case other(String)
        case nothing
    }

    /// What the route does, in a few words.
    let summary: String
    let answers: [Answer]
    /// What it is refused for, each with any text; beside what every request can be refused for.
    let failures: [HostFailure]
    /// The same, of the interface itself.
    var refusals: [APIRefusal] = []
    /// Keys of the query that must be there.
    var neededKeys: Set<String> = []
    /// A body that the route takes; only with ``Route/bodyShape``.
    var exampleBody: SchemaValue?
    /// Whether the body may be bytes of any kind instead of JSON.
    var takesBytes = false

    /// What a verb on a session's terminal is refused for.
    static let terminalFailures: [HostFailure] = [
        .sessionNotFound(""), .sessionEnded(""), .terminalLost(""), .conflict(""),
    ]
    /// What a verb that starts a process in a scope is refused for.
    static let startFailures: [HostFailure] = [
        .startFailed(""), .execFailed(""), .ptyExhausted(""), .limitReached(""), .limitUnavailable(""),
        .systemdUnreachable(""), .frozen(""),
    ]
    /// What freezing and thawing are refused for.
    static let freezeFailures: [HostFailure] = [
        .conflict(""), .frozen(""), .nothingToFreeze(""), .freezeFailed(""), .systemdUnreachable(""),
    ]

    /// A route that answers 200 with a document.
    init(
        _ summary: String, _ document: any (Decodable & Sendable).Type, failures: [HostFailure] = [],
        exampleBody: SchemaValue? = nil
    ) {
        self.init(
            summary, [Answer(status: .ok, content: .document(document), text: "Done.")], failures: failures,
            exampleBody: exampleBody)
    }

    /// A route with answers of its own.
    init(
        _ summary: String, _ answers: [Answer], failures: [HostFailure] = [], refusals: [APIRefusal] = [],
        neededKeys: Set<String> = [], exampleBody: SchemaValue? = nil, takesBytes: Bool = false
    ) {
        self.summary = summary
        self.answers = answers
        self.failures = failures
        self.refusals = refusals
        self.neededKeys = neededKeys
        self.exampleBody = exampleBody
        self.takesBytes = takesBytes
    }
}
