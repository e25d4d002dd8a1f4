public import SessionIndex

/// How a session is recorded as over that nothing has to be ended for.
public enum Conclusion: Sendable, Equatable {
    /// Its scope went, and nobody had asked for it.
    case lost
    /// The machine was started again.
    case reboot
    /// Its end had been asked for, and is there. The row says why it was asked for.
    case killed
    /// Its workspace was deleted, and its end is there.
    case workspaceDeleted

    /// The status that the row gets.
    public var ending: SessionRow.Ending {
        switch self {
        case .lost, .reboot: .exited
        case .killed, .workspaceDeleted: .disposed
        }
    }

    /// The reason that the row gets, unless it says itself why its end was asked for.
    public var reason: SessionRow.EndReason {
        switch self {
        case .lost: .lost
        case .reboot: .reboot
        case .killed: .killed
        case .workspaceDeleted: .workspaceDeleted
        }
    }
}
