import CgroupPty
import FoundationEssentials
import HostProtocol
import Logging
import Reaper
import SessionIndex

/// One delete of one workspace, from its tombstone to its receipt.
///
/// Guarantees: each step is recorded before it acts and can be repeated, so that a crash anywhere resumes at boot (I7); nothing on
/// disk is touched before the kernel said that the slice is empty, unless the caller chose to abandon; a client's going away
/// changes nothing. Refuses to succeed by giving up: what cannot be confirmed stays `deleting` and is tried again, from 5 seconds
/// doubling to 2 minutes, or as soon as the last process ends.
actor DestroySaga {
    /// What the steps work with.
    nonisolated let parts: DestroyParts
    nonisolated let workspace: WorkspaceRow
    nonisolated let receiptID: String
    /// Whether this run goes on with what an earlier one began.
    nonisolated let isResumed: Bool
    private(set) var options: DestroyOptions
    private(set) var receipt: ReceiptDocument
    private var machine: StateMachine
    private var waiting: [UInt64: (isForTeardown: Bool, CheckedContinuation<Void, Never>)] = [:]
    private var nextWaiter: UInt64 = 1
    private var isOver = false
    private var retries = 0
    /// The wait before a retry; another request ends it early.
    private var pause: Task<Void, Never>?
    /// Whether another request came during the step: there is no wait before its retry.
    private var isAskedAgain = false
    private let started = Deadline.now
    /// Processes of each session when its stop began.
    private(set) var membersBefore: [SessionID: Int] = [:]
    /// Processes that were seen inside the slice, or on a terminal of it: facts that an environment cannot copy. On record before
    /// the first signal.
    private(set) var witnesses: EscapeWitnesses
    /// Whether an end of the slice was tried before: who is gone at the next try did not end by itself.
    var hasStopped: Bool
    /// Where the repository is, also one that was moved since the worktree was made.
    var repositoryPath: String?

    /// A saga whose tombstone is written.
    /// - Parameter witnesses: what an earlier run of it has seen.
    init(
        _ parts: DestroyParts, _ workspace: WorkspaceRow, _ destroy: DestroyRow, receipt: ReceiptDocument,
        options: DestroyOptions, witnesses: EscapeWitnesses = EscapeWitnesses(), isResumed: Bool
    ) {
        self.parts = parts
        self.workspace = workspace
        receiptID = destroy.receiptID
        self.receipt = receipt
        self.options = options
        self.witnesses = witnesses
        self.isResumed = isResumed
        hasStopped = isResumed
        repositoryPath = workspace.repository
        machine = StateMachine(resumingAt: destroy.step.flatMap { DestroyStep(rawValue: $0) })
    }

    /// Adds the options of another request. They take effect at the next step.
    func strengthen(_ other: DestroyOptions) async throws {
        // Whoever asks again may have removed the obstacle: the next try comes at once.
        defer {
            isAskedAgain = true
            pause?.cancel()
        }
        let before = options
        options.merge(other)
        guard options != before else { return }
        _ = try await parts.context.index.setDestroyOptions(
            workspace.id, options: try WireCoding.text(of: options))
    }

    /// Waits until the saga is over, at most until the deadline; returns the receipt as it is then.
    func wait(until deadline: Deadline) async -> ReceiptDocument {
        if !isOver { await wait(isForTeardown: false, until: deadline) }
        return receipt
    }

    /// Waits until no teardown script can be running any more, at most until the deadline.
    func waitForTeardown(until deadline: Deadline) async {
        if !isOver, machine.step == .teardown { await wait(isForTeardown: true, until: deadline) }
    }

    private func wait(isForTeardown: Bool, until deadline: Deadline) async {
        let key = nextWaiter
        nextWaiter += 1
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            self.resumeWaiters { $0 == key }
        }
        await withCheckedContinuation { waiting[key] = (isForTeardown, $0) }
        timer.cancel()
    }

    private func resumeWaiters(where isMeant: (UInt64) -> Bool = { _ in true }) {
        for key in waiting.keys.filter(isMeant) { waiting.removeValue(forKey: key)?.1.resume() }
    }

    /// Performs step after step until the end, or until the task is cancelled by the host's stop.
    func run() async {
        var action: StateMachine.Action = .perform(machine.step ?? .teardown)
        while !Task.isCancelled {
            switch action {
            case .perform(let step):
                isAskedAgain = false
                let event = await perform(step)
                if event == .done { retries = 0 }
                action = machine.handle(event, options: options)
            case .retry(let step, let why):
                await save(detail: why)
                // Whoever waits learns now what is known; the saga goes on.
                if options.abandon || step != .stop { resumeWaiters() }
                await rest()
                action = .perform(step)
            case .restore(let why):
                if await restore(why) { return finish() }
                // Until it is back the workspace is this saga's: nobody else may take it for one that is to be deleted.
                resumeWaiters()
                await rest()
            case .complete:
                return finish()
            }
        }
        // The host stops; the next one goes on.
        finish()
    }

    private func perform(_ step: DestroyStep) async -> StateMachine.Event {
        do {
            var begun = receipt
            begun.step = step.rawValue
            // Recorded before it acts (I7).
            guard
                try await parts.context.index.recordStep(
                    workspace.id, step: step.rawValue, receiptBody: try WireCoding.text(of: begun), at: .now)
            else { return .failed("the delete of \(workspace.id) is no longer on record") }
            receipt.step = begun.step
            if step != .teardown { resumeWaiters { waiting[$0]?.isForTeardown == true } }
            switch step {
            case .teardown: return try await runTeardown()
            case .stop: return try await stopSlice()
            case .escapes: return try await endEscapes()
            case .recheck: return try await recheckWorktree()
            case .worktree: return try await removeWorktree()
            case .branch: return try await removeBranch()
            case .finish: return try await complete()
            }
        } catch is CancellationError {
            return .failed("\(step.rawValue): corral-host is stopping")
        } catch {
            parts.context.logger.error(
                "Delete of workspace \(workspace.id): step \(step.rawValue): \(error)",
                metadata: .workspace(workspace.id, parts.context.instance))
            return .failed("\(step.rawValue): \(error)")
        }
    }

    /// Waits before a retry: for the slice to become empty, for another request, or for the backoff to end.
    private func rest() async {
        if isAskedAgain { return isAskedAgain = false }
        let backoff = Duration.seconds(min(120, 5 << min(retries, 5)))
        retries += 1
        let parts = parts
        let path = SliceName.workspace(parts.context.instance, workspace.id).path
        let until = Deadline.after(backoff)
        let task = Task<Void, Never> {
            do {
                if case .found(let slice) = parts.context.ground.look(path), try slice.events()?.isPopulated == true {
                    _ = try await slice.waitUntilEmpty(parts.context.monitor, until: until)
                } else {
                    try await Task.sleep(for: until.remaining)
                }
            } catch {
                // Cancelled, or the slice cannot be read: the retry itself will say so.
                do { try await Task.sleep(for: until.remaining) } catch { return }
            }
        }
        pause = task
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        pause = nil
    }

    /// Gives the workspace back; its sessions have ended if it got as far as that.
    /// - Returns: Whether that is on record. Before that nobody is told that it was kept.
    private func restore(_ why: String) async -> Bool {
        var kept = receipt
        kept.state = .kept
        kept.detail = why
        kept.durationMs = started.millisecondsAgo
        do {
            _ = try await parts.context.index.restoreWorkspace(
                workspace.id, receiptBody: try WireCoding.text(of: kept), detail: why, at: .now)
            receipt = kept
            parts.context.tell(.workspaceKept(workspace, kept))
            // Beside: this saga is over, and another delete must not join it.
            if options.wasFrozen == true { Task.detached { await self.freezeAgain() } }
            return true
        } catch {
            parts.context.logger.error(
                "Workspace \(workspace.id) could not be given back: \(error). It is tried again.",
                metadata: .workspace(workspace.id, parts.context.instance))
            receipt.detail = "\(why); the workspace could not be given back yet: \(error)"
            return false
        }
    }

    /// Writes down that somebody had frozen the workspace, before it is thawed: where it is given back, it is given back so.
    func rememberFreeze() async throws {
        options.wasFrozen = true
        _ = try await parts.context.index.setDestroyOptions(workspace.id, options: try WireCoding.text(of: options))
    }

    private func freezeAgain() async {
        do {
            guard let row = try await parts.context.index.workspace(workspace.id) else { return }
            try await parts.freezes.freeze(row)
        } catch HostFailure.nothingToFreeze {
            // Its sessions have ended.
        } catch {
            parts.context.logger.error(
                "Workspace \(workspace.id) was frozen before its delete was given up, and runs now: \(error)",
                metadata: .workspace(workspace.id, parts.context.instance))
        }
    }

    private func complete() async throws -> StateMachine.Event {
        await parts.context.reach(.destroyFinish)
        var deleted = receipt
        deleted.state = .deleted
        deleted.detail = nil
        deleted.durationMs = Int(Date.now.timeIntervalSince(receipt.createdAt.date) * 1000)
        // Before the row goes, so that a crash in between does it again.
        await parts.limits.forget(workspace.id, ifAny: workspace.limits)
        guard
            try await parts.context.index.finishDestroy(
                workspace.id, receiptBody: try WireCoding.text(of: deleted), at: .now)
        else {
            return .failed("the delete of \(workspace.id) is no longer on record")
        }
        // Nobody is told before it is on record.
        receipt = deleted
        parts.context.tell(.workspaceDeleted(workspace, receipt))
        await parts.context.reach(.destroyFinished)
        await parts.ender.forgetRemoved()
        let trash = parts.trash
        Task.detached { await trash.empty() }
        return .done
    }

    private func finish() {
        isOver = true
        resumeWaiters()
    }

    /// Keeps the receipt as it is now. It is the saga's record, so a failure to write it is logged and the step goes on.
    func save(detail: String?) async {
        if let detail { receipt.detail = detail }
        do {
            _ = try await parts.context.index.saveReceipt(receiptID, body: try encodedReceipt())
        } catch {
            parts.context.logger.error(
                "Receipt \(receiptID) could not be written: \(error)",
                metadata: .workspace(workspace.id, parts.context.instance))
        }
    }

    private func encodedReceipt() throws -> String { try WireCoding.text(of: receipt) }

    /// Remembers who is in the slice and on its terminals, and writes it down, before anything is signalled. Afterwards the proof is
    /// gone, also for the run that goes on after a crash.
    /// - Parameter leaders: of the sessions that are to end. One that left its scope is counted where nothing else is.
    func rememberMembers(of slice: SliceName, leaders: [SessionID: Pidfd]) async throws {
        let context = parts.context
        if case .found(let cgroup) = context.ground.look(slice.path) {
            do throws(SystemCallFailure) {
                for name in try cgroup.childNames() ?? [] {
                    guard let scope = ScopeName(unit: name),
                        let child = try cgroup.child(CgroupPath(components: [name]))
                    else { continue }
                    membersBefore[scope.session] = try child.members().count
                }
            } catch {
                context.logger.debug("count the members of \(slice): \(error)")
            }
        }
        for (session, leader) in leaders where membersBefore[session] ?? 0 == 0 {
            if try !leader.hasExited() { membersBefore[session] = 1 }
        }
        let question = EscapeQuestion.workspace(
            workspace.id, of: context.instance, worktree: nil,
            rows: try await context.index.sessions(includeEnded: true),
            bootID: context.bootID, witnesses: witnesses)
        switch await context.scan.witnesses(question, until: .after(.seconds(5))) {
        case .known(let seen): witnesses.add(seen)
        // What is missing here is missing as evidence later, and leads to a report instead of a kill.
        case .unknown(let reason): context.logger.debug("look for the processes of \(slice): \(reason)")
        }
        let stored = DestroyWitnesses(witnesses, bootID: context.bootID)
        _ = try await context.index.setWitnesses(workspace.id, witnesses: try WireCoding.text(of: stored))
    }

    /// Changes the receipt; the next save writes it.
    func note(_ change: (inout ReceiptDocument) -> Void) { change(&receipt) }
}

/// What the steps of a delete work with, beside the saga itself.
struct DestroyParts: Sendable {
    let context: HostContext
    let registry: SessionRegistry
    let ender: SessionEnder
    let scripts: WorkspaceScripts
    let trash: WorktreeTrash
    let guardian: DeleteGuardian
    let limits: LimitEnforcer
    let freezes: FreezeService
}
