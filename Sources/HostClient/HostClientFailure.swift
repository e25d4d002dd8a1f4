public import HostProtocol

/// Why a request to the host has no answer that can be used.
public enum HostClientFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nobody listens on the socket, or it may not be opened. The request was not sent.
    case unreachable(path: String, why: String)
    /// The host refused or failed, and says so with a stable code.
    case problem(ProblemDocument)
    /// What came back is no answer of a Corral host. The request may have been carried out.
    case badResponse(request: String, why: String)
    /// The connection ended before the answer was complete. The request may have been carried out.
    case disconnected(request: String)
    /// No answer in time. The request may have been carried out, or be under way still.
    case timedOut(request: String, after: Duration)
    /// The calling task was cancelled. The request may have been carried out.
    case cancelled(request: String)

    /// What was tried, on what, the answer, the consequence.
    public var description: String {
        switch self {
        case .unreachable(let path, let why):
            "connect to \(path): \(why); nothing was sent"
        case .problem(let problem):
            problem.detail
        case .badResponse(let request, let why):
            "\(request): the answer cannot be used: \(why)"
        case .disconnected(let request):
            "\(request): the host closed the connection before it had answered"
        case .timedOut(let request, let after):
            "\(request): no answer in \(after.components.seconds) s; the host may still be at it"
        case .cancelled(let request):
            "\(request): given up by the caller"
        }
    }
}
