import SessionIndex

extension DestroySaga {
    /// Looks again whether work would be lost, now that nothing writes: a session may have committed or written while it ended.
    func recheckWorktree() async throws -> StateMachine.Event {
        await parts.context.reach(.destroyRecheck)
        guard workspace.kind == .worktree, !options.force else { return .done }
        if let refusal = await parts.guardian.refusal(workspace) {
            return .stopped("its sessions have ended, but \(refusal)")
        }
        return .done
    }
}
