import HostClient
import HostProtocol

/// How an attachment ended.
enum AttachEnd: Equatable, Sendable {
    case detached
    /// The session is over.
    case sessionEnded(SessionDocument.Exit?, SessionDocument.EndReason?)
    /// The host went away and did not come back in time.
    case hostGone
    /// The host came back and refused, or closed the connection for a reason that trying again does not mend.
    case refused(String, CommandStatus)
    /// As `refused`, not yet in words.
    case failed(HostClientFailure)

    /// What is told on stderr. Only for a detach is there nothing more to say of the session.
    func notice(session: String) -> String {
        switch self {
        case .detached: "[detached from \(session)]"
        case .sessionEnded(let exit, let reason):
            "[session \(session) has ended\(SessionText.exit(exit, reason).map { ": \($0)" } ?? "")]"
        case .hostGone:
            """
            [the host has gone; session \(session) may live on]
            `corral host start` starts the host, `corral attach \(session)` goes on.
            """
        case .refused(let text, _): "[cut off from \(session)]\n\(text)"
        case .failed(let failure): "[cut off from \(session)]\n\(failure)"
        }
    }

    /// How the process ends: 0 detached, else as the session did, 128 and the number for a signal.
    var status: CommandStatus {
        switch self {
        case .detached: .done
        case .sessionEnded(let exit, _):
            if let code = exit?.code {
                CommandStatus(rawValue: Int32(truncatingIfNeeded: code & 0xff))
            } else if let signal = exit?.signal {
                CommandStatus(rawValue: Int32(truncatingIfNeeded: 128 + signal))
            } else {
                .other
            }
        case .hostGone: .unreachable
        case .refused(_, let status): status
        case .failed: .other
        }
    }
}
