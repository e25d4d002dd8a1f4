import CgroupPty
import FoundationEssentials
import Logging
import ServiceLifecycle
import SessionIndex

/// What the host does by itself once it is ready: it finds its sessions again, finishes what a crash cut, reaps; and at the end it stops
/// everything in order.
struct HostWork: Service {
    /// The services that work by themselves.
    struct Parts: Sendable {
        let registry: SessionRegistry
        let ender: SessionEnder
        let workspaces: WorkspaceService
        let destroys: DestroyService
        let reaper: ReaperService
        let trash: WorktreeTrash
    }

    /// What an earlier host left: sessions that may run, workspaces that are half-made.
    struct Inherited: Sendable {
        let sessions: [SessionRow]
        let workspaces: [WorkspaceRow]

        /// Reads it.
        init(_ index: Index) async throws {
            sessions = try await index.sessions(includeEnded: false).filter { $0.status != .starting }
            workspaces = try await index.workspaces().filter { $0.state == .creating }
        }
    }

    let work: Parts
    let inherited: Inherited
    let readiness: AsyncStream<Void>
    let context: HostContext

    func run() async throws {
        let background = Task {
            for await _ in readiness {
                await atReadiness()
                break
            }
        }
        // Until SIGTERM.
        do { try await gracefulShutdown() } catch {}
        background.cancel()
        await background.value
        await stopInOrder()
    }

    private func atReadiness() async {
        ServiceNotification.ready(
            status: "Instance \(context.instance), \(context.configuration.manager.rawValue) manager")
        context.logger.notice(
            "Ready: instance \(context.instance), socket \(context.configuration.socketPath).",
            metadata: ["instance": "\(context.instance)"])
        await findSessions()
        await work.workspaces.settleInterrupted(inherited.workspaces)
        await work.destroys.resume()
        await withDiscardingTaskGroup { group in
            group.addTask { await work.trash.empty() }
            group.addTask { await work.reaper.run() }
            group.addTask { await prune() }
        }
    }

    /// Pins the leaders of sessions that outlived an earlier host. Their terminals are gone with it.
    private func findSessions() async {
        for row in inherited.sessions where row.bootID == context.bootID {
            await work.ender.takeUnderCare(row)
        }
    }

    /// Drops rows of ended sessions and receipts that are older than a week, once a day.
    private func prune() async {
        while !Task.isCancelled {
            do {
                _ = try await context.index.prune(
                    endedBefore: .now.addingTimeInterval(-7 * 86_400), keepingAtMost: 10_000)
                try await Task.sleep(for: .seconds(86_400))
            } catch is CancellationError {
                return
            } catch {
                context.logger.error("Old rows could not be dropped: \(error)")
                do { try await Task.sleep(for: .seconds(86_400)) } catch { return }
            }
        }
    }

    /// A stop loses every terminal, so every session is ended and said to be.
    private func stopInOrder() async {
        ServiceNotification.stopping(status: "Ending all sessions")
        ServiceNotification.extendTimeout(.seconds(60))
        work.trash.stop()
        await work.destroys.stop()
        do {
            let rows = try await context.index.sessions(includeEnded: false)
            await withDiscardingTaskGroup { group in
                for row in rows where row.bootID == context.bootID {
                    group.addTask { _ = await work.ender.kill(row, reason: .hostStopped, force: false) }
                }
            }
        } catch {
            context.logger.error(
                "Sessions could not be listed to end them: \(error). The next start will look at them.")
        }
    }
}
