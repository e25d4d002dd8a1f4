import HostClient
import HostProtocol

/// A failure as the command line tells it: text for people, an exit status for scripts, a problem document for programs.
struct FailureReport: Equatable, Sendable {
    /// What to tell on stderr, with what to do next.
    let text: String
    /// How the process ends.
    let status: CommandStatus
    /// The failure as the host would have told it.
    let problem: ProblemDocument

    /// Describes a failure; nil for one that is not Corral's.
    /// - Parameter whileEnding: The request was to end something. A host that does not answer has not confirmed it then,
    ///   and may be at it: that is another status than not having been reached at all.
    init?(_ error: any Error, whileEnding: Bool = false) {
        switch error {
        case let failure as HostClientFailure:
            self.init(failure, whileEnding: whileEnding)
        case let failure as CommandFailure:
            self.init(failure.description, failure.status, failure.code)
        case let failure as HostAddress.Failure:
            self.init(failure.description, .usage, "invalid_address")
        case let failure as SocketPath.Failure:
            self.init(failure.description, .unreachable, "unreachable")
        default:
            return nil
        }
    }

    /// Describes a failure of a request.
    init(_ failure: HostClientFailure, whileEnding: Bool = false) {
        let late = whileEnding ? CommandStatus.notConfirmed : .unreachable
        switch failure {
        case .unreachable(let path, _):
            let advice =
                path.hasPrefix("/")
                ? "Is it running? `corral host start` starts it."
                : "`ssh MACHINE corral status` shows what there is on the other machine."
            let text = "The Corral host cannot be reached: \(failure).\n\(advice)"
            self.init(text, .unreachable, "unreachable")
        case .problem(let problem):
            self.init(problem)
        case .badResponse:
            self.init("\(failure).", .other, "bad_response")
        case .disconnected, .timedOut:
            let text = "\(failure).\nIt is not known how far it came. `corral status` shows how the host is."
            self.init(text, late, "no_answer")
        case .cancelled:
            self.init("\(failure).", .other, "cancelled")
        }
    }

    /// Describes what the host said.
    private init(_ problem: ProblemDocument) {
        let lines = [
            Self.sentence(problem.detail.isEmpty ? problem.title : problem.detail), Self.advice(for: problem),
        ]
        text = Self.printable(lines.compactMap { $0 }.joined(separator: "\n"))
        status = Self.status(of: problem)
        self.problem = problem
    }

    private init(_ text: String, _ status: CommandStatus, _ code: String) {
        self.text = Self.printable(text)
        self.status = status
        problem = ProblemDocument(title: "Not done", status: Self.httpStatus(for: status), code: code, detail: text)
    }

    /// Which exit status a problem means.
    static func status(of problem: ProblemDocument) -> CommandStatus {
        if problem.code == "shutting_down" { return .unreachable }
        return switch problem.status {
        case 404, 410: .notFound
        case 409: .conflict
        case 400: .usage
        default: .other
        }
    }

    /// The HTTP status that a host would have answered with.
    private static func httpStatus(for status: CommandStatus) -> Int {
        switch status {
        case .conflict: 409
        case .notFound: 404
        case .unreachable: 503
        case .notConfirmed: 504
        default: 500
        }
    }

    /// What a person can do about a problem.
    private static func advice(for problem: ProblemDocument) -> String? {
        switch problem.code {
        // The host may have said it already.
        case "dirty" where problem.detail.contains(": locked"): "`git worktree unlock` unlocks it."
        case "dirty" where problem.detail.contains("is on no branch"): "`git branch NAME COMMIT` keeps the commits."
        case "dirty" where problem.detail.contains("--force"): "Commit or stash what you want to keep."
        case "dirty": "Commit or stash what you want to keep. `--force` discards it."
        case "workspace_not_found": "`corral workspace list --all` lists the workspaces."
        case "session_not_found": "`corral session list` lists the sessions."
        case "receipt_not_found": "`corral receipts` lists the receipts."
        case "port_not_found": "`corral ports` lists the ports."
        case "session_leader": "`corral session kill` ends a session with all that runs in it."
        case "branch_checked_out":
            "Adopt that directory with `corral workspace adopt PATH`, or choose another --branch."
        case "workspace_deleting" where problem.detail.contains("is creating"):
            "`corral workspace show` says when it is ready."
        case "workspace_deleting": "`corral receipts` shows how far the delete is."
        case "frozen": "`corral session thaw` and `corral workspace thaw` let it go on."
        case "terminal_lost": "What runs in it lives on without a terminal. `corral session kill` ends it."
        case "systemd_unreachable": "Sessions that run can still be killed. New ones need systemd."
        case "shutting_down": "`corral host start` starts it again."
        case "id_used": "Choose another --id, or leave it out to have one made."
        default: nil
        }
    }

    /// Without what would steer the terminal: names of processes and what another machine says are in it.
    private static func printable(_ text: String) -> String {
        text.split(separator: "\n" as Character, omittingEmptySubsequences: false)
            .map { Table.Cell.printableLine(String($0)) }.joined(separator: "\n")
    }

    /// The text as a sentence: the host's are clauses without a full stop.
    private static func sentence(_ text: String) -> String {
        guard let last = text.last else { return text }
        return ".!?:\n".contains(last) ? text : text + "."
    }
}
