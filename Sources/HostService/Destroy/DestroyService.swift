import CgroupPty
import FoundationEssentials
import HostProtocol
import Logging
import Reaper
import SessionIndex

/// Begins, joins and resumes deletes: one saga for each workspace at most.
actor DestroyService {
    private let parts: DestroyParts
    private var sagas: [WorkspaceID: DestroySaga] = [:]
    private var tasks: [WorkspaceID: Task<Void, Never>] = [:]
    private var beginning: [WorkspaceID: Task<DestroySaga?, any Error>] = [:]
    private var isStopping = false
    /// Deletes of an earlier process that have not been taken up.
    private var inherited: Set<WorkspaceID> = []

    /// A service without sagas.
    init(parts: DestroyParts) {
        self.parts = parts
    }

    /// Workspaces whose delete is this process's to work on: the reaper leaves their scopes to it.
    func running() -> Set<WorkspaceID> { Set(sagas.keys).union(beginning.keys).union(inherited) }

    /// Takes over the deletes that an earlier process began, before anybody is served; ``resume()`` goes on with them. A delete in its
    /// teardown may yet give its workspace back, so that no pass of the reaper may end its sessions meanwhile.
    func inherit(_ deletes: Set<WorkspaceID>) { inherited = deletes }

    /// Deletes a workspace, or joins its delete; waits until the timeout and returns what is known then.
    /// - Parameter cause: What the receipt says, if this begins the delete.
    func delete(
        _ id: String, _ request: DeleteWorkspaceOptions, because cause: ReceiptDocument.Cause = .asked
    ) async throws -> ReceiptDocument {
        let saga: DestroySaga
        switch try await find(id) {
        case .receipt(let receipt): return receipt
        // How far it is; a dry run strengthens no option, ends no pause and waits for nothing.
        case .saga(let running) where request.dryRun: return await running.receipt
        case .saga(let running):
            try await running.strengthen(DestroyOptions(request))
            saga = running
        case .workspace(let row):
            if request.dryRun, row.state == .deleting { return try await recorded(row.id) }
            // One that is being deleted was examined when that began.
            if row.state != .deleting, let planned = try await parts.guardian.check(row, request) { return planned }
            // Nil when it was over since we looked: then the receipt answers.
            guard let begun = try await beginOrJoin(row, DestroyOptions(request), because: cause) else {
                return try await delete(id, request, because: cause)
            }
            saga = begun
        }
        if let timeout = request.timeout {
            return await saga.wait(until: .after(.milliseconds(Int64(timeout * 1000))))
        }
        // Beyond the teardown, which has a deadline of its own.
        await saga.waitForTeardown(until: .after(parts.context.configuration.scriptTimeout + .seconds(30)))
        return await saga.wait(until: .after(.seconds(30)))
    }

    /// The receipt of a delete that nobody is at work on, as it was written last.
    private func recorded(_ id: WorkspaceID) async throws -> ReceiptDocument {
        guard let stored = try await parts.context.index.receipt(ofWorkspace: id) else {
            throw HostFailure.workspaceNotFound("delete workspace \(id): there is no such workspace")
        }
        return try WireCoding.decode(ReceiptDocument.self, from: stored.body)
    }

    /// Goes on with every delete that an earlier process began. One that cannot be taken up keeps no other from it.
    func resume() async {
        for id in inherited where !isStopping {
            do {
                if let row = try await parts.context.index.workspace(id) { _ = try await beginOrJoin(row, nil) }
                inherited.remove(id)
            } catch {
                parts.context.logger.error(
                    "Delete of workspace \(id) could not be resumed: \(error). It is tried again.",
                    metadata: .workspace(id, parts.context.instance))
            }
        }
    }

    /// Tries again to go on with those that could not be taken up, until none is left or the task is cancelled.
    func resumeRest() async {
        var backoff = 5
        while !inherited.isEmpty {
            do { try await Task.sleep(for: .seconds(backoff)) } catch { return }
            backoff = min(120, backoff * 2)
            await resume()
        }
    }

    /// Stops working on deletes; what is recorded resumes with the next start.
    func stop() async {
        isStopping = true
        // One whose tombstone is just being written is a delete yet.
        for task in beginning.values { _ = await task.result }
        for task in tasks.values { task.cancel() }
        for task in tasks.values { await task.value }
    }

    private enum Found {
        case workspace(WorkspaceRow)
        case saga(DestroySaga)
        case receipt(ReceiptDocument)
    }

    private func find(_ id: String) async throws -> Found {
        guard let parsed = WorkspaceID(id) else {
            throw HostFailure.workspaceNotFound("delete workspace \(id): there is no such workspace")
        }
        if let saga = sagas[parsed] { return .saga(saga) }
        if let row = try await parts.context.index.workspace(parsed) { return .workspace(row) }
        // A deleted id answers with its receipt: asking twice is no error.
        return .receipt(try await recorded(parsed))
    }

    /// Two requests that come at the same moment begin one saga: the second waits for the first one's tombstone.
    /// - Parameter options: of a request; nil to go on with what is on record.
    /// - Returns: nil when the workspace is gone.
    private func beginOrJoin(
        _ row: WorkspaceRow, _ options: DestroyOptions?, because cause: ReceiptDocument.Cause = .asked
    ) async throws -> DestroySaga? {
        if let running = sagas[row.id] {
            if let options { try await running.strengthen(options) }
            return running
        }
        if let first = beginning[row.id] {
            let saga = try await first.value
            if let options { try await saga?.strengthen(options) }
            return saga
        }
        // Not a child of the request: a client that goes away leaves no tombstone without a saga.
        let task = Task.detached { () -> DestroySaga? in
            guard let options, row.state != .deleting else { return try await self.resume(row.id, options) }
            return try await self.begin(row, options, because: cause)
        }
        beginning[row.id] = task
        defer { beginning[row.id] = nil }
        return try await task.value
    }

    /// Goes on with a delete that an earlier process began: at readiness, or for a request that came before that.
    /// - Returns: nil when it is not on record any more.
    private func resume(_ id: WorkspaceID, _ options: DestroyOptions?) async throws -> DestroySaga? {
        if isStopping {
            throw HostFailure.shuttingDown(
                "delete workspace \(id): corral-host is stopping; it resumes with the next start")
        }
        guard let row = try await parts.context.index.workspace(id) else { return nil }
        guard let destroy = try await parts.context.index.destroy(id) else {
            guard row.state != .deleting else {
                throw HostFailure.conflict(
                    "delete workspace \(id): it is being deleted, and nothing is on record of that")
            }
            return nil
        }
        let recorded = try WireCoding.decode(DestroyOptions.self, from: destroy.options)
        let stored = try await parts.context.index.receipt(destroy.receiptID)
        var receipt = ReceiptDocument(
            id: destroy.receiptID, workspace: id.rawValue, workspaceName: row.name,
            createdAt: Timestamp(destroy.startedAt))
        if let stored { receipt = try WireCoding.decode(ReceiptDocument.self, from: stored.body) }
        receipt.warnings.append(
            "the host was restarted during the delete of \(id); it was resumed at step \(destroy.step ?? "teardown")")
        _ = try await parts.context.index.countAttempt(id)
        parts.context.logger.notice(
            "Delete of workspace \(id) resumes at step \(destroy.step ?? "teardown").",
            metadata: .workspace(id, parts.context.instance))
        var witnesses = EscapeWitnesses()
        do {
            witnesses = try self.witnesses(of: destroy)
        } catch {
            // Without them what left can only be reported.
            receipt.warnings.append("workspace \(id): whom its delete had seen could not be read: \(error)")
        }
        let saga = DestroySaga(
            parts, row, destroy, receipt: receipt, options: recorded, witnesses: witnesses, isResumed: true)
        if let options { try await saga.strengthen(options) }
        launch(saga)
        return saga
    }

    private func witnesses(of destroy: DestroyRow) throws -> EscapeWitnesses {
        guard let stored = destroy.witnesses else { return EscapeWitnesses() }
        return try WireCoding.decode(DestroyWitnesses.self, from: stored).seen(inBoot: parts.context.bootID)
    }

    private func begin(
        _ row: WorkspaceRow, _ options: DestroyOptions, because cause: ReceiptDocument.Cause
    ) async throws -> DestroySaga? {
        if isStopping {
            throw HostFailure.shuttingDown("delete workspace \(row.id): corral-host is stopping; nothing was changed")
        }
        var receipt = ReceiptDocument(
            id: "r" + String(SessionID.mint().rawValue.dropFirst()), workspace: row.id.rawValue,
            workspaceName: row.name,
            createdAt: Timestamp(.now))
        receipt.cause = cause
        let stored = ReceiptRow(
            id: receipt.id, workspaceID: row.id, body: try WireCoding.text(of: receipt),
            createdAt: receipt.createdAt.date)
        await parts.context.reach(.destroyTombstone)
        switch try await parts.context.index.tombstone(
            row.id, receipt: stored, options: try WireCoding.text(of: options), at: .now,
            onlyIfExpired: cause == .expired)
        {
        case .begun(let destroy):
            let saga = DestroySaga(parts, row, destroy, receipt: receipt, options: options, isResumed: false)
            parts.context.tell(.workspaceDeleting(row, receipt))
            launch(saga)
            return saga
        case .alreadyDeleting: return try await resume(row.id, options)
        case .missing: return nil
        case .notExpired:
            throw HostFailure.conflict("delete workspace \(row.id): it was given more time; nothing was changed")
        }
    }

    private func launch(_ saga: DestroySaga) {
        let id = saga.workspace.id
        sagas[id] = saga
        tasks[id] = Task.detached {
            await saga.run()
            await self.ended(id)
        }
    }

    private func ended(_ id: WorkspaceID) {
        sagas[id] = nil
        tasks[id] = nil
    }
}
