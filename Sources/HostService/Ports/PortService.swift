import CgroupPty
import FoundationEssentials
import HostProtocol
import Logging
import Reaper
import SessionIndex

/// The ports that workspaces serve, found by looking: whenever somebody asks, and while somebody follows the events also when the sockets
/// that wait on this machine have changed. While nobody does either, nothing is done: an idle host does not wake up.
actor PortService {
    /// From one glance at the machine's sockets to the next, while somebody follows. Shorter is not noticed by a person, and a glance
    /// costs less than a thousandth of it.
    private static let glanceInterval = Duration.seconds(1)
    /// After so long a look is taken whatever a glance says, which sees neither other network namespaces nor sockets that are handed on.
    private static let lookInterval = Duration.seconds(30)
    /// How many times as long as a look the pause after it is, up to ``lookInterval``: on a machine where sockets come and go all the time,
    /// looking takes five per cent of a processor.
    private static let pauseFactor = 20
    /// Changes that are told of one look (I8); the next one tells more. Events of much else fit beside them.
    private static let changeLimit = 100
    /// How long a look may take. One at 400 sessions takes some hundredths of a second.
    private static let patience = Duration.seconds(10)
    /// How often is looked for a port that is hidden: a server that hands its socket on to a child all the time is seen in one look of two.
    private static let hiddenLooks = 5
    /// Reasons that are told, of the first things that could not be looked into.
    private static let reasonLimit = 20

    private let context: HostContext
    private let scan: PortScan
    /// The ports that are open as far as was told, with their sockets, as they were seen last.
    private var open: [OpenPort.Identity: (document: PortDocument, sockets: Set<UInt64>)] = [:]
    /// The last look that saw something; nil while more has changed than was told.
    private var latest: (look: PortLook, at: ContinuousClock.Instant)?
    private var isWatching = false
    /// The look that was asked for last.
    private var look: Task<Reading<PortLook>, Never>?
    private var lookHasBegun = false

    /// Looks at nothing yet.
    init(context: HostContext) {
        self.context = context
        scan = PortScan(
            instance: context.instance, ground: context.ground, procfs: context.procfs, monitor: context.monitor,
            executor: context.executor)
    }

    /// The ports of one workspace or of all.
    func list(workspace: String?) async throws -> PortListDocument {
        var wanted: WorkspaceID?
        if let workspace { wanted = try await known(workspace, "list the ports of").id }
        let began = ContinuousClock.now
        let look = try await freshLook("list ports")
        let gaps =
            look.gaps.filter { wanted == nil || $0.workspace == nil || $0.workspace == wanted }.map(\.reason)
            + hidden(in: look).filter { wanted == nil || $0.workspace == wanted }.map {
                "\($0.place.address) port \($0.place.port): somebody waits there still, and it was not seen who has it open"
            }
        let ports = look.ports.filter { wanted == nil || $0.id.workspace == wanted }
        return PortListDocument(
            ports: ports.map { document($0, look) }.sorted {
                ($0.workspace, $0.port, $0.protocol.rawValue, $0.address, $0.networkNamespace)
                    < ($1.workspace, $1.port, $1.protocol.rawValue, $1.address, $1.networkNamespace)
            },
            unreadable: gaps.count, reasons: Array(gaps.prefix(Self.reasonLimit)),
            durationMs: Int((.now - began) / .milliseconds(1)), at: Timestamp(.now))
    }

    /// Ends the processes that wait at a port, unless one of them is a session's leader.
    func end(_ selection: PortSelection) async throws -> PortEndDocument {
        let verb = "close port \(selection.port) of workspace \(selection.workspace)"
        let workspace = try await known(selection.workspace, "close a port of").id
        var look = try await freshLook(verb)
        var ports = Self.ports(look, workspace, selection)
        for _ in 1..<Self.hiddenLooks where ports.isEmpty {
            guard hidden(in: look).contains(where: { Self.isMeant($0, workspace, selection) }) else { break }
            look = try await freshLook(verb)
            ports = Self.ports(look, workspace, selection)
        }
        guard !ports.isEmpty else {
            let isTaken = look.isTaken(
                UInt16(clamping: selection.port),
                selection.transport == nil ? nil : selection.transport == .tcp ? .tcp : .udp)
            let answer =
                isTaken ? "somebody waits there, and nobody of the workspace was seen to" : "nobody waits there"
            throw HostFailure.portNotFound(
                "\(verb): \(answer)\(Self.remark(look, workspace)); nothing was ended")
        }
        var holders: [OpenPort.Holder] = []
        for holder in ports.flatMap(\.holders) where !holders.contains(holder) { holders.append(holder) }
        try await refuseLeaders(holders, verb)
        // Not a child of the request: a client that goes away does not leave it half done (I7).
        return await Task.detached { [self] in
            await end(holders, at: ports, workspace, selection, verb)
        }.value
    }

    private func end(
        _ holders: [OpenPort.Holder], at ports: [OpenPort], _ workspace: WorkspaceID, _ selection: PortSelection,
        _ verb: String
    ) async -> PortEndDocument {
        var document = PortEndDocument(
            workspace: workspace.rawValue, port: selection.port, closed: nil, processes: [], detail: nil)
        let deadline = Deadline.after(.seconds(30))
        // So many pidfds are open at once (I8).
        for start in stride(from: 0, to: holders.count, by: 32) {
            let part = holders[start..<min(start + 32, holders.count)]
            await withTaskGroup(of: PortEndDocument.Ending.self) { group in
                for holder in part {
                    group.addTask { [scan] in
                        let end = await scan.end(
                            holder, at: ports, of: workspace, force: selection.force, until: deadline)
                        return PortEndDocument.Ending(holder, end)
                    }
                }
                for await end in group { document.processes.append(end) }
            }
        }
        document.processes.sort { $0.pid < $1.pid }
        for end in document.processes {
            context.logger.notice(
                "\(verb): process \(end.pid) (\(end.command)) \(end.outcome.rawValue).",
                metadata: .workspace(workspace, context.instance, outcome: end.outcome.rawValue))
        }
        do {
            let after = try await freshLook(verb)
            let left = Self.ports(after, workspace, selection)
            if let holder = left.first?.holders.first {
                document.closed = false
                document.detail = "process \(holder.process.pid) (\(holder.command)) waits there"
            } else if ports.contains(where: { after.couldHide($0.id, of: $0.inodes) }) {
                document.detail = "somebody waits there still\(Self.remark(after, workspace))"
            } else {
                document.closed = true
            }
        } catch {
            document.detail = "\(error)"
        }
        return document
    }

    // MARK: Looking

    /// One look that began after this call. Those who ask while one is under way share the next.
    private func freshLook(_ verb: String) async throws -> PortLook {
        let task: Task<Reading<PortLook>, Never>
        if let look, !lookHasBegun {
            task = look
        } else {
            let before = look
            lookHasBegun = false
            task = Task {
                _ = await before?.value
                lookHasBegun = true
                let seen = await scan.look(until: .after(Self.patience))
                if case .known(let look) = seen { remember(look) }
                return seen
            }
            look = task
        }
        switch await task.value {
        case .known(let look): return look
        case .unknown(let reason):
            throw HostFailure.groundUnreadable("\(verb): what runs could not be read: \(reason)")
        }
    }

    /// Watches until nobody follows the events any more. Whoever begins to follow calls this.
    func watch() {
        guard !isWatching else { return }
        isWatching = true
        Task {
            while context.events.hasReaders {
                let began = ContinuousClock.now
                let rest = await lookIfDue() ? (.now - began) * Self.pauseFactor : .zero
                let pause = min(max(Self.glanceInterval, rest), Self.lookInterval)
                do { try await Task.sleep(for: pause) } catch { break }
            }
            isWatching = false
        }
    }

    /// - Returns: whether a look was taken.
    private func lookIfDue() async -> Bool {
        if let latest, .now - latest.at < Self.lookInterval, await !scan.hasNews(since: latest.look) { return false }
        do {
            _ = try await freshLook("watch the ports")
        } catch {
            context.logger.debug("\(error)")
        }
        return true
    }

    /// Takes over what a look saw, and tells what has changed.
    private func remember(_ look: PortLook) {
        var now: [OpenPort.Identity: (document: PortDocument, sockets: Set<UInt64>)] = [:]
        var changes: [HostEvent] = []
        for port in look.ports {
            let document = document(port, look)
            if open[port.id] == nil {
                changes.append(.portOpened(document))
                if changes.count > Self.changeLimit { continue }
            }
            now[port.id] = (document, port.inodes)
        }
        for (id, port) in open where now[id] == nil {
            if !look.couldHide(id, of: port.sockets) {
                changes.append(.portClosed(port.document))
                if changes.count <= Self.changeLimit { continue }
            }
            now[id] = port
        }
        for change in changes.prefix(Self.changeLimit) { context.tell(change) }
        open = now
        latest = changes.count <= Self.changeLimit ? (look, .now) : nil
    }

    private func document(_ port: OpenPort, _ look: PortLook) -> PortDocument {
        let place = port.id.place
        return PortDocument(
            workspace: port.id.workspace.rawValue, session: port.holders.first?.session?.rawValue,
            protocol: place.transport == .tcp ? .tcp : .udp, address: place.address, port: Int(place.port),
            hostNetwork: place.namespace == look.ownNamespace, networkNamespace: place.namespace,
            processes: port.holders.map {
                PortDocument.Holder(
                    pid: Int($0.process.pid.rawValue), command: $0.command, session: $0.session?.rawValue)
            }, firstSeen: open[port.id]?.document.firstSeen ?? Timestamp(.now))
    }

    /// Ports that were open, and whose sockets wait still in a look that has not seen who has them.
    private func hidden(in look: PortLook) -> [OpenPort.Identity] {
        let seen = Set(look.ports.map(\.id))
        return open.filter { !seen.contains($0.key) && look.couldHide($0.key, of: $0.value.sockets) }.map(\.key)
    }

    private static func ports(_ look: PortLook, _ workspace: WorkspaceID, _ selection: PortSelection) -> [OpenPort] {
        look.ports.filter { isMeant($0.id, workspace, selection) }
    }

    private static func isMeant(
        _ port: OpenPort.Identity, _ workspace: WorkspaceID, _ selection: PortSelection
    ) -> Bool {
        port.workspace == workspace && Int(port.place.port) == selection.port
            && (selection.transport == nil || selection.transport?.rawValue == port.place.transport.rawValue)
    }

    /// What could not be looked into for a workspace, as part of a sentence; empty when there is nothing.
    private static func remark(_ look: PortLook, _ workspace: WorkspaceID) -> String {
        let gaps = look.gaps.filter { $0.workspace == nil || $0.workspace == workspace }
        guard let first = gaps.first else { return "" }
        return ", as far as could be seen (\(gaps.count) could not be looked into: \(first.reason))"
    }

    // MARK: What the index says

    private func known(_ workspace: String, _ verb: String) async throws -> WorkspaceRow {
        guard let id = WorkspaceID(workspace), let row = try await context.index.workspace(id) else {
            throw HostFailure.workspaceNotFound("\(verb) \(workspace): there is no such workspace")
        }
        return row
    }

    /// A session's leader is ended with its session, or not at all.
    private func refuseLeaders(_ holders: [OpenPort.Holder], _ verb: String) async throws {
        let rows = try await context.index.sessions(workspace: nil, includeEnded: false)
        for holder in holders {
            let name = "process \(holder.process.pid) (\(holder.command))"
            // Also of one that was taken for lost and is not: its row says that it has ended until the reaper has seen it.
            let own: SessionRow? =
                if let session = holder.session { try await context.index.session(session) } else { nil }
            if let row = (rows + [own].compactMap { $0 }).first(where: { $0.leader == holder.process }) {
                throw HostFailure.sessionLeader(
                    "\(verb): \(name) is the leader of session \(row.id), which would end with it; nothing was ended. Kill the session instead"
                )
            }
            if let session = holder.session, own?.leader == nil {
                throw HostFailure.conflict(
                    "\(verb): \(name) is in session \(session), and who leads that is not on record; nothing was ended")
            }
        }
    }
}

extension PortEndDocument.Ending {
    /// What clients are told of one end.
    fileprivate init(_ holder: OpenPort.Holder, _ end: ProcessEnd) {
        let (outcome, detail): (Outcome, String?) =
            switch end {
            case .terminated: (.terminated, nil)
            case .killed: (.killed, nil)
            case .gone: (.gone, nil)
            case .spared(let why): (.spared, why)
            case .moved(let place): (.spared, "it had moved to \(place)")
            case .survived(let survivor): (.survived, survivor.map { Survivor.list([$0]) })
            case .failed(let why): (.failed, why)
            }
        self.init(
            pid: Int(holder.process.pid.rawValue), command: holder.command, session: holder.session?.rawValue,
            outcome: outcome, detail: detail)
    }
}
