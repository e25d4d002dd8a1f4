import CgroupPty
import HostProtocol
import SessionIndex

extension DestroySaga {
    /// Runs the workspace's teardown script while everything of the workspace still runs; `force` does not skip it.
    ///
    /// On resume an earlier run is ended first, and the new one sees `CORRAL_RETRY=1`. Whatever goes wrong keeps the workspace.
    func runTeardown() async throws -> StateMachine.Event {
        let context = parts.context
        await context.reach(.destroyTeardown)
        for row in try await context.index.sessions(workspace: workspace.id, includeEnded: false)
        where row.kind == .teardown {
            let end = await parts.ender.kill(row, reason: .killed, force: true)
            guard end.outcome == .confirmed else {
                return .failed(
                    "an earlier run of the teardown script did not end: \(end.detail ?? end.outcome.rawValue)")
            }
        }
        if options.skipsTeardown { return .done }
        // It may want to talk to what runs, and nothing can be started in a frozen slice.
        await parts.registry.waitForFreeze(of: workspace.id)
        if parts.freezes.isHeld(workspace) { try await rememberFreeze() }
        do {
            try await parts.freezes.thaw(workspace, because: "its delete")
        } catch {
            // The end of the slice works on what is frozen, too; whether the script can run shows itself.
            note { $0.warnings.append("\(error)") }
        }
        switch try await parts.scripts.run(.teardown, in: workspace, isRetry: isResumed) {
        case .absent: return .done
        case .skipped(let how):
            note { $0.warnings.append("workspace \(workspace.id): \(how)") }
            return .done
        case .ran(.exited(.code(0), _)): return .done
        case .ran(.exited(let exit, let tail)):
            return .stopped(
                "the teardown script \(WorkspaceScripts.words(exit)); --teardown skip leaves it out; its last output: \(tail)"
            )
        case .ran(.timedOut(let tail)):
            return .stopped(
                "the teardown script took longer than \(context.configuration.scriptTimeout.components.seconds) s and was ended with all that it had started; --teardown skip leaves it out; its last output: \(tail)"
            )
        case .ran(.notEnded(let why)):
            return .stopped("the teardown script took too long and could not be ended: \(why)")
        }
    }
}
