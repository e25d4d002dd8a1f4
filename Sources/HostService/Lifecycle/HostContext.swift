import CgroupPty
import Logging
import NIOCore
import Reaper
import SessionIndex

/// What every part of the host works with. Made once, before readiness; nothing in it changes.
struct HostContext: Sendable {
    let configuration: HostConfiguration
    /// What sessions get back of the limit that the host has raised for itself.
    let openFiles: OpenFileLimit
    let instance: InstanceID
    let bootID: String
    let account: LoginAccount
    let index: Index
    let systemd: SystemdManager
    let ground: CgroupGround
    let monitor: ReadinessMonitor
    let procfs: Procfs
    let stop: ScopeStop
    let scan: EscapeScan
    let executor: BlockingExecutor
    let eventLoops: any EventLoopGroup
    let logger: Logger

    /// Runs git as every part of the host does.
    var git: GitCommand { GitCommand(inherited: configuration.environment) }

    /// Stops or dies here if a test asked for it.
    func reach(_ checkpoint: Checkpoint) async {
        await checkpoint.reach(in: configuration.checkpoints)
    }

    /// The name of a session's scope.
    func scope(_ workspace: WorkspaceID, _ session: SessionID) -> ScopeName {
        ScopeName(instance: instance, workspace: workspace, session: session)
    }
}
