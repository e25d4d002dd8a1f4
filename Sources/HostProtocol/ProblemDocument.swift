/// An error as clients see it: RFC 9457 `application/problem+json`, with a `code` that does not change between versions.
public struct ProblemDocument: Codable, Sendable, Equatable, Error, CustomStringConvertible {
    /// `about:blank`: the `code` says what a URL would.
    public var type: String
    /// The status in words.
    public var title: String
    /// The HTTP status.
    public var status: Int
    /// What a program switches on, for instance `workspace_not_found`.
    public var code: String
    /// What was tried, on what, the answer, the consequence.
    public var detail: String

    /// Makes a problem from its parts.
    public init(title: String, status: Int, code: String, detail: String) {
        type = "about:blank"
        self.title = title
        self.status = status
        self.code = code
        self.detail = detail
    }

    /// The detail, for people.
    public var description: String { detail }
}
