import CgroupPty
import FoundationEssentials
import Logging
import ServiceLifecycle
import SessionIndex

/// What the host does by itself once it is ready: it watches the sessions that it found again, finishes what a crash cut, reaps; and
/// at the end it stops everything in order, or leaves its sessions to the next host.
struct HostWork: Service {
    /// The services that work by themselves.
    struct Parts: Sendable {
        let registry: SessionRegistry
        let ender: SessionEnder
        let finder: SessionFinder
        let workspaces: WorkspaceService
        let destroys: DestroyService
        let reaper: ReaperService
        let trash: WorktreeTrash
        let limits: LimitEnforcer
        let idleFreezer: IdleFreezer
        let lifetimes: Lifetimes
    }

    /// What an earlier host left: sessions that may run, workspaces that are half-made, deletes that are under way.
    struct Inherited: Sendable {
        let sessions: [SessionRow]
        let workspaces: [WorkspaceRow]
        let deletes: Set<WorkspaceID>

        /// Reads it.
        init(_ index: Index) async throws {
            sessions = try await index.sessions(includeEnded: true).filter {
                !$0.status.isEnded && $0.status != .starting || $0.couldHaveMembers
            }
            workspaces = try await index.workspaces().filter { $0.state == .creating }
            deletes = Set(try await index.destroys().map(\.workspaceID))
        }
    }

    let work: Parts
    let inherited: Inherited
    let readiness: AsyncStream<Void>
    let context: HostContext
    let signals: HostSignals

    func run() async throws {
        let background = Task {
            for await _ in readiness {
                await atReadiness()
                break
            }
        }
        let watchdog = Task {
            await Watchdog(eventLoops: context.eventLoops, pump: context.pump, executor: context.executor).run()
        }
        // Cancelled: the server has failed, which ends the host too.
        do { try await gracefulShutdown() } catch {}
        background.cancel()
        // It deletes on a thread that hears of no cancellation.
        work.trash.stop()
        // First, since what is cancelled here may wait for the delete of what has expired, and the cancellation does not reach that.
        await work.destroys.stop()
        await background.value
        watchdog.cancel()
        await stopInOrder()
    }

    private func atReadiness() async {
        ServiceNotification.ready(
            status: "Instance \(context.instance), \(context.configuration.manager.rawValue) manager")
        context.tell(.hostStarted(context))
        for row in inherited.sessions { await work.finder.takeUnderCare(row) }
        await work.workspaces.settleInterrupted(inherited.workspaces)
        await work.limits.settle(inherited.sessions)
        await context.reach(.destroysInherited)
        await work.destroys.resume()
        await withDiscardingTaskGroup { group in
            group.addTask { await work.destroys.resumeRest() }
            group.addTask { await work.trash.empty() }
            group.addTask { await work.reaper.run() }
            group.addTask { await prune() }
            group.addTask { await work.idleFreezer.run() }
            group.addTask { await work.lifetimes.run() }
        }
    }

    /// Drops rows of ended sessions and receipts that are old, once a day.
    private func prune() async {
        while !Task.isCancelled {
            do {
                _ = try await context.index.prune(
                    endedBefore: .now.addingTimeInterval(-Double(context.configuration.retention)),
                    keepingAtMost: 10_000)
                await work.ender.forgetRemoved()
                try await Task.sleep(for: .seconds(86_400))
            } catch is CancellationError {
                return
            } catch {
                context.logger.error("Old rows could not be dropped: \(error)")
                do { try await Task.sleep(for: .seconds(86_400)) } catch { return }
            }
        }
    }

    /// Where the terminals outlive this process, all that lives is left to the next host. Else a stop would lose every terminal, so
    /// every session is ended and said to be.
    private func stopInOrder() async {
        ServiceNotification.stopping(status: "Stopping")
        ServiceNotification.extendTimeout(.seconds(60))
        if signals.isSuccession {
            return context.logger.notice("Becoming another build; the sessions live on.")
        }
        switch await context.store.outlives(context.systemd) {
        case true: context.logger.notice("Stopping; the sessions live on for the next host.")
        case nil:
            // What is not ended can still be ended; what is ended is gone (I3).
            context.logger.warning("Stopping; systemd does not say whether for good, so the sessions are left alive.")
        case false: await endSessions()
        }
    }

    private func endSessions() async {
        do {
            // They are to be asked to end, and hear nothing while they are frozen.
            for workspace in try await context.index.workspaces() {
                _ = await context.freezer.thaw(.init(.workspace(context.instance, workspace.id)))
            }
            async let closed: Void = work.registry.close()
            let first = try await endSessions(except: [])
            // One that was just being started.
            await closed
            _ = try await endSessions(except: first)
        } catch {
            context.logger.error(
                "Sessions could not be listed to end them: \(error). The next start will look at them.")
        }
    }

    /// - Returns: those whose end was tried.
    private func endSessions(except tried: Set<SessionID>) async throws -> Set<SessionID> {
        let rows = try await context.index.sessions(includeEnded: false).filter {
            $0.bootID == context.bootID && !tried.contains($0.id)
        }
        await withDiscardingTaskGroup { group in
            for row in rows {
                group.addTask { _ = await work.ender.kill(row, reason: .hostStopped, force: false) }
            }
        }
        return Set(rows.map(\.id))
    }
}
