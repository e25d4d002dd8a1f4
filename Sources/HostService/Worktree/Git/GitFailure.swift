/// A run of git that gave no usable answer.
enum GitFailure: Error, Sendable, Equatable {
    /// No `git` in `PATH`.
    case notFound
    /// Git and what it started were killed when the time was over.
    case timedOut(arguments: [String])
    /// Git ended with another status than 0; `status` is 128 and the signal when it died of one, as in a shell.
    case failed(arguments: [String], status: Int32, standardError: String)
    /// Git wrote more than `limit` bytes, and was killed.
    case outputTooLarge(arguments: [String], limit: Int)
    /// Git could not be started, or its output not be read.
    case launch(arguments: [String], reason: String)
    /// Whoever asked went away; git was killed.
    case cancelled(arguments: [String])
}

extension GitFailure: CustomStringConvertible {
    /// What was tried and the answer, for instance `git -C /srv/app status: ended with 128: fatal: not a git repository`.
    var description: String {
        switch self {
        case .notFound: "run git: not found in PATH"
        case .timedOut(let arguments): "\(Self.command(arguments)): no answer in time; it was killed"
        case .failed(let arguments, let status, let text):
            "\(Self.command(arguments)): ended with \(status)" + (text.isEmpty ? "" : ": \(text)")
        case .outputTooLarge(let arguments, let limit):
            "\(Self.command(arguments)): wrote more than \(limit) bytes; it was killed"
        case .launch(let arguments, let reason): "\(Self.command(arguments)): \(reason)"
        case .cancelled(let arguments): "\(Self.command(arguments)): given up; it was killed"
        }
    }

    private static func command(_ arguments: [String]) -> String {
        (["git"] + arguments).joined(separator: " ")
    }
}
