import CgroupPty
import SessionIndex

/// What a workspace's id stands for at the moment, as far as its sessions are concerned.
enum WorkspaceStanding: Equatable {
    /// It has a row and is not being deleted.
    case present
    /// It has a tombstone and a saga is at work: all that is in its slice is the saga's.
    case cared
    /// It has a tombstone that nobody works on.
    case abandoned
    /// It has no row, but a receipt.
    case deleted
    /// Neither row nor receipt.
    case unheardOf

    /// Whether nobody wants what is in its slice.
    var isCondemned: Bool { self == .abandoned || self == .deleted }
}

extension IndexClaims {
    /// What a workspace's id stands for.
    func standing(of id: WorkspaceID, sagas: Set<WorkspaceID>) -> WorkspaceStanding {
        // A saga may run before its tombstone is read, and until after its last transaction.
        if sagas.contains(id) { return .cared }
        switch workspace(id)?.state {
        case .creating, .active, .failed: return .present
        case .deleting: return .abandoned
        case nil: return spentWorkspaces.contains(id) ? .deleted : .unheardOf
        }
    }
}
