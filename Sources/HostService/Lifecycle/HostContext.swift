import CgroupPty
import Glibc
import Logging
import NIOCore
import Reaper
import SessionIndex

/// What every part of the host works with. Made once, before readiness; nothing in it changes.
struct HostContext: Sendable {
    let configuration: HostConfiguration
    /// What sessions get back of the limit that the host has raised for itself.
    let openFiles: OpenFileLimit
    /// What sessions get instead of the protection from the out-of-memory killer that the host's unit gives to the host.
    let oomScore: OOMScoreAdjustment
    let instance: InstanceID
    let bootID: String
    let account: LoginAccount
    let index: Index
    let systemd: SystemdManager
    let ground: CgroupGround
    let monitor: ReadinessMonitor
    let pump: TerminalPump
    let store: DescriptorStore
    let procfs: Procfs
    let stop: ScopeStop
    let freezer: UnitFreezer
    let scan: EscapeScan
    /// What clients follow. Told by ``tell(_:)``.
    let events = EventHub()
    let executor: BlockingExecutor
    let eventLoops: any EventLoopGroup
    let logger: Logger

    /// Runs git as every part of the host does.
    var git: GitCommand { GitCommand(inherited: configuration.environment) }

    /// What an answer of a file system is waited for. A disk that is spun up answers sooner; one that is gone never does, and what
    /// waits for it is refused or tried again.
    static let diskPatience = Duration.seconds(10)

    /// Asks the file system off the threads of Swift's pool, and not for longer than ``diskPatience``: sshfs and NFS without their
    /// network answer never.
    /// - Parameter verb: what is asked, in the imperative, for the failure's text; of `subject`.
    /// - Throws: ``SystemCallFailure``, `ETIMEDOUT` when there was no answer. What was asked may still be done later, so it must be
    ///   repeatable.
    func askDisk<Answer: Sendable>(
        _ verb: String, _ subject: String, _ body: @escaping @Sendable () throws(SystemCallFailure) -> Answer
    ) async throws(SystemCallFailure) -> Answer {
        let answer = await executor.run(until: .after(Self.diskPatience)) { () -> Result<Answer, SystemCallFailure> in
            do throws(SystemCallFailure) { return .success(try body()) } catch { return .failure(error) }
        }
        guard let answer else { throw SystemCallFailure(call: verb, subject: subject, errno: ETIMEDOUT) }
        return try answer.get()
    }

    /// Whether the output of ended sessions outlives the host: where there is room for it beside every session that may run.
    var keepsOutputs: Bool { store.limit > configuration.sessionLimit + EndedOutputs.countLimit }

    /// Stops or dies here if a test asked for it.
    func reach(_ checkpoint: Checkpoint) async {
        await checkpoint.reach(in: configuration.checkpoints)
    }

    /// The name of a session's scope.
    func scope(_ workspace: WorkspaceID, _ session: SessionID) -> ScopeName {
        ScopeName(instance: instance, workspace: workspace, session: session)
    }
}
