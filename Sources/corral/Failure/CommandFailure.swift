/// What goes wrong on this side of the socket.
enum CommandFailure: Error, Equatable, CustomStringConvertible {
    /// What a name can stand for.
    enum Subject: String {
        case workspace, session, receipt
    }

    /// Several have the name. The candidates are lines that tell them apart.
    case ambiguous(Subject, name: String, candidates: [String])
    case notFound(Subject, name: String)
    /// `.` outside of every workspace.
    case outsideWorkspaces(directory: String)
    /// Not done, since it would do harm or make no sense; says why and what to do instead.
    case refused(String)
    /// Tried and failed; says what was tried, on what, the answer.
    case failed(String)
    /// The host is not there, or went away.
    case hostGone(String)

    /// What went wrong and what to do next.
    var description: String {
        switch self {
        case .ambiguous(let subject, let name, let candidates):
            """
            More than one \(subject.rawValue) is called "\(name)". Use an id:
            \(candidates.map { "  \($0)" }.joined(separator: "\n"))
            """
        case .notFound(.receipt, let name):
            "No receipt and no deleted workspace is called \"\(name)\". `corral receipts` lists the receipts."
        case .notFound(let subject, let name):
            """
            No \(subject.rawValue) has the id or the \(subject == .session ? "title" : "name") "\(name)". \
            `corral \(subject.rawValue) list` lists them.
            """
        case .outsideWorkspaces(let directory):
            "\(directory) is in no workspace, so `.` names none. `corral workspace list` shows where they are."
        case .refused(let text), .failed(let text), .hostGone(let text): text
        }
    }

    /// The stable name of the failure, in the manner of the host's.
    var code: String {
        switch self {
        case .ambiguous: "ambiguous_name"
        case .notFound(let subject, _): "\(subject.rawValue)_not_found"
        case .outsideWorkspaces: "workspace_not_found"
        case .refused: "refused"
        case .failed: "failed"
        case .hostGone: "unreachable"
        }
    }

    /// How the process ends.
    var status: CommandStatus {
        switch self {
        case .ambiguous, .refused: .conflict
        case .notFound, .outsideWorkspaces: .notFound
        case .failed: .other
        case .hostGone: .unreachable
        }
    }
}
