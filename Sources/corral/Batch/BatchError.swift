import HostProtocol

/// What stands in the place of a result, in a list of results, for an argument that failed.
struct BatchError: Codable, Sendable, Equatable {
    /// The argument as it was given.
    var id: String
    /// What went wrong with it.
    var error: ProblemDocument
}
