import Glibc

/// A request to systemd that did not do what was asked.
public enum ScopeFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The manager's sockets cannot be reached, or the connection ended before the answer; what was asked may have happened.
    case unreachable(operation: String, unit: String, cause: String)
    /// systemd refused; the D-Bus error name and its text.
    case refused(operation: String, unit: String, name: String, message: String)
    /// The job ended in another way than `done`: `failed`, `timeout`, `canceled`, `dependency`, `skipped`, `frozen`.
    case job(operation: String, unit: String, result: String)
    /// No answer, or no end of the job, before the deadline; it may still happen.
    case deadlinePassed(operation: String, unit: String)
    /// The kernel refused something that belongs to the request.
    case system(operation: String, unit: String, SystemCallFailure)

    /// The D-Bus error name, nil for what is no refusal.
    public var errorName: String? {
        if case .refused(_, _, let name, _) = self { return name }
        return nil
    }

    /// Whether what was asked may have happened although no answer came: the connection ended, as when the manager re-executes
    /// itself.
    public var isLost: Bool {
        if case .unreachable = self { return true }
        return errorName == "org.freedesktop.DBus.Error.NoReply"
    }

    /// What was tried, on what, the answer.
    public var description: String {
        switch self {
        case .unreachable(let operation, let unit, let cause):
            "\(operation) \(unit): systemd cannot be reached: \(cause)"
        case .refused(let operation, let unit, let name, let message):
            "\(operation) \(unit): \(name.split(separator: "." as Character).last.map(String.init) ?? name): \(message)"
        case .job(let operation, let unit, let result): "\(operation) \(unit): the job ended as \"\(result)\""
        case .deadlinePassed(let operation, let unit): "\(operation) \(unit): no end of the job before the deadline"
        case .system(let operation, let unit, let failure): "\(operation) \(unit): \(failure)"
        }
    }
}
