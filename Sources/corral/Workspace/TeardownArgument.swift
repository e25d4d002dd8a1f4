import ArgumentParser
import HostProtocol

/// What becomes of the teardown script, as it is typed.
enum TeardownArgument: String, ExpressibleByArgument, CaseIterable {
    case run, skip

    /// What goes to the host.
    var choice: DeleteWorkspaceOptions.Teardown {
        switch self {
        case .run: .run
        case .skip: .skip
        }
    }
}
