import ArgumentParser
import HostProtocol

/// What becomes of the rest of a session when its command exits, as it is typed.
enum OnExitArgument: String, ExpressibleByArgument, CaseIterable {
    case kill, keep

    /// What goes to the host.
    var choice: SessionDocument.OnExit {
        switch self {
        case .kill: .kill
        case .keep: .keep
        }
    }
}
