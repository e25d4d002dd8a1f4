import CgroupPty
import SessionIndex

extension PassRun {
    /// What would be done, in the form in which it is recorded when it is done.
    func plan(_ verdict: Verdict) -> PassRecord? {
        switch verdict {
        case .reap(let scope, _, let evidence):
            PassRecord(.reaped, .scope(scope), "\(evidence)", members: evidence.members.value?.count)
        case .endSlice(let instance, let workspace, let evidence):
            PassRecord(.reaped, .slice(instance, workspace), "\(evidence)", members: evidence.members.value?.count)
        case .recover(let scope, let members):
            PassRecord(.recovered, .scope(scope), Self.withoutRow, members: members.value?.count)
        case .reactivate(let row):
            PassRecord(.recovered, .scope(scope(of: row)), Self.foundAlive)
        case .conclude(let row, let conclusion, let absence):
            PassRecord(.concluded(conclusion), .scope(scope(of: row)), "\(absence)")
        case .stopUnit(let unit, let absence): PassRecord(.tidied, unit, "systemd calls it active; \(absence)")
        case .resetUnit(let unit, let absence): PassRecord(.tidied, unit, "systemd calls it failed; \(absence)")
        case .keep, .settled, .belongs, .remember, .unclaimed, .foreign, .leave: nil
        }
    }

    static let withoutRow = "it lives in a workspace that lives, and has no row"
    static let foundAlive = "its row says that it was lost, and it lives"

    /// The scope that a row's ids make.
    func scope(of row: SessionRow) -> ScopeName {
        ScopeName(instance: instance, workspace: row.workspaceID, session: row.id)
    }
}
