import CgroupPty
import FoundationEssentials
import HostProtocol
import SessionIndex

/// The verbs on sessions: create, list, show, kill, input, resize, output, wait, attach.
struct SessionService: Sendable {
    let context: HostContext
    let registry: SessionRegistry
    let starter: SessionStarter
    let ender: SessionEnder
    let limits: LimitEnforcer
    let leavers: SessionLeavers
    let freezes: FreezeService
    /// Rings when something with a limited time is there.
    let lifetimeSet: Bell

    /// Starts a session in a workspace. With a known id, the same request and a session that lives, that session.
    func create(
        in workspace: WorkspaceID, _ request: CreateSessionRequest
    ) async throws -> Creation<SessionDocument> {
        guard let row = try await context.index.workspace(workspace) else {
            throw HostFailure.workspaceNotFound("start a session in \(workspace): there is no such workspace")
        }
        let id: SessionID
        if let wanted = request.id {
            guard let parsed = SessionID(wanted) else {
                throw HostFailure.invalidRequest(
                    "session id \"\(wanted)\": ids match [a-z0-9]{4,32}; nothing was started")
            }
            id = parsed
        } else {
            id = .mint()
        }
        let wanted = context.configuration.sessionDefaults.applying(try request.limits?.change() ?? .init())
        try limits.check(wanted, subject: "session \(id)", consequence: "nothing was started")
        let planned = try plan(id, row, request, kind: .shell, limits: wanted)
        // Not a child of the request: a client that goes away leaves neither half a session nor a lost one (I7).
        let started = try await Task.detached { try await self.start(planned) }.value
        return Creation(document: try await document(started.row), isNew: started.isNew)
    }

    /// Starts a session of the host's own and keeps hold of it, also when it is over at once.
    func startHeld(_ plan: SessionStarter.Plan) async throws -> (SessionRow, LiveSession) {
        switch try await begin(plan) {
        case .there(let row):
            throw HostFailure.idUsed("start session \(row.id): the id is in use; nothing was started")
        case .started(let live): return (plan.row, live)
        }
    }

    private func start(_ plan: SessionStarter.Plan) async throws -> (row: SessionRow, isNew: Bool) {
        switch try await begin(plan) {
        case .there(let row): return (row, false)
        case .started: return (try await context.index.session(plan.row.id) ?? plan.row, true)
        }
    }

    private enum Begun {
        case there(SessionRow)
        case started(LiveSession)
    }

    /// Inserts the row and starts what it plans. The session is held and watched when this returns.
    private func begin(_ plan: SessionStarter.Plan) async throws -> Begun {
        let attempt: UInt64
        switch try await admit(plan) {
        case .there(let row): return .there(row)
        case .admitted(let admitted): attempt = admitted
        }
        do {
            if let existing = try await insert(plan) {
                await registry.endCreation(attempt)
                if existing.status == .active { return .there(existing) }
                // The same request, which came a moment earlier.
                await registry.waitForCreation(of: existing.id)
                let now = try await context.index.session(existing.id) ?? existing
                if now.status == .active { return .there(now) }
                throw idUsed(plan.row, by: now)
            }
            let live = try await starter.start(plan)
            await registry.insert(live)
            await registry.endCreation(attempt)
            context.tell(.sessionStarted(plan.row))
            lifetimeSet.ring()
            let ender = ender
            Task.detached { await ender.watch(plan.row, live) }
            return .started(live)
        } catch {
            await registry.endCreation(attempt)
            if case HostFailure.workspaceDeleting = error, await registry.isClosed {
                throw HostFailure.shuttingDown(
                    "start session \(plan.row.id): corral-host is stopping, and ends its sessions; no command was run")
            }
            throw error
        }
    }

    private enum Admission {
        case there(SessionRow)
        /// With what ends the mark of the creation.
        case admitted(UInt64)
    }

    /// Marks a creation as under way, in a workspace that runs: a leader that is born into a freeze would never answer. A workspace that is
    /// frozen since nobody used it goes on.
    private func admit(_ plan: SessionStarter.Plan) async throws -> Admission {
        let workspace = plan.row.workspaceID
        // What was thawed may be frozen anew in between, but not for being idle.
        for _ in 0..<3 {
            if let attempt = try await registry.beginCreation(plan.row.id, in: workspace) {
                // A freeze waits for us from here on, so we wait for none.
                if !context.freezer.isToBeFrozen(plan.scope.slice.path) { return .admitted(attempt) }
                await registry.endCreation(attempt)
            }
            if let row = try await repeated(plan) { return .there(row) }
            await registry.waitForFreeze(of: workspace)
            guard try await freezes.admitSession(in: workspace) else { break }
        }
        throw HostFailure.frozen(
            "start a session in \(workspace): the workspace is frozen; nothing was started. Thaw it first (corral workspace thaw \(workspace))"
        )
    }

    /// The session that this request has made before, if it lives.
    private func repeated(_ plan: SessionStarter.Plan) async throws -> SessionRow? {
        guard let row = try await context.index.session(plan.row.id), row.request == plan.row.request,
            row.workspaceID == plan.row.workspaceID, row.status == .active
        else { return nil }
        return row
    }

    private func idUsed(_ row: SessionRow, by there: SessionRow) -> HostFailure {
        .idUsed(
            "start session \(row.id): the id belongs to a session that is \(there.status)\(there.request == row.request ? "" : " and was asked for with other parameters"); nothing was started"
        )
    }

    /// - Returns: the session that has the id already, if it is the same one; it may be being started.
    private func insert(_ plan: SessionStarter.Plan) async throws -> SessionRow? {
        let row = plan.row
        guard await !registry.isUnclaimed(row.id) else {
            throw HostFailure.idUsed(
                "start session \(row.id): the terminal of an earlier session of that id is held; nothing was started")
        }
        switch try await context.index.insertStarting(row, limit: context.configuration.sessionLimit) {
        case .inserted: return nil
        case .idUsed(let there):
            if there.request == row.request, there.workspaceID == row.workspaceID,
                there.status == .active || there.status == .starting
            {
                return there
            }
            throw idUsed(row, by: there)
        case .idSpent(let receipt):
            throw HostFailure.idUsed(
                "start session \(row.id): the id was used in a workspace that was deleted (receipt \(receipt)); nothing was started"
            )
        case .workspaceMissing:
            throw HostFailure.workspaceNotFound("start a session in \(row.workspaceID): there is no such workspace")
        case .workspaceNotReady(let state):
            throw HostFailure.workspaceDeleting(
                "start a session in \(row.workspaceID): the workspace is \(state.rawValue); nothing was started")
        case .limitReached(let limit):
            throw HostFailure.limitReached(
                "start a session in \(row.workspaceID): \(limit) sessions are running, which is the limit (SessionLimit= in corral.conf); nothing was started"
            )
        }
    }

    /// Works out all that a start needs, before anything is written or started.
    func plan(
        _ id: SessionID, _ workspace: WorkspaceRow, _ request: CreateSessionRequest, kind: SessionRow.Kind,
        isRetry: Bool = false, limits: ResourceLimits = ResourceLimits()
    ) throws -> SessionStarter.Plan {
        let scope = context.scope(workspace.id, id)
        let directory = Self.directory(request.cwd, in: workspace.path)
        let environment = SessionEnvironment(
            base: context.configuration.environment, account: context.account, chosen: request.env ?? [:], scope: scope,
            workspacePath: workspace.path, isRetry: isRetry)
        let command: SessionCommand
        if let wanted = request.command, !wanted.isEmpty {
            command = try .find(
                wanted, directory: directory, path: environment.values["PATH"] ?? SessionEnvironment.standardPath)
        } else {
            command = .loginShell(context.account)
        }
        guard let size = request.size.map({ WindowSize(columns: $0.columns, rows: $0.rows) }) ?? .standard else {
            throw HostFailure.invalidRequest("terminal size: columns and rows go from 1 to 1000; nothing was started")
        }
        let title = request.title ?? command.arguments.first.flatMap { WorkspaceService.lastComponent($0) } ?? "session"
        let row = SessionRow(
            id: id, originWorkspaceID: workspace.id, workspaceID: workspace.id, kind: kind, title: title,
            status: .starting,
            command: [command.path] + command.arguments.dropFirst(), cwd: directory,
            onExit: request.onExit == .keep ? .keep : .kill, unit: scope.unit, bootID: context.bootID,
            leader: nil, terminalDevice: nil, exit: nil, endReason: nil, disposeRequestedAt: nil, lastOutcome: nil,
            membersLeft: nil, request: try WireCoding.text(of: request), createdAt: .now,
            endedAt: nil, limits: limits, maxRuntime: request.maxRuntime, idleTimeout: request.idleTimeout)
        return SessionStarter.Plan(
            row: row, scope: scope, command: command, environment: environment.strings, size: size,
            description: "Corral \(workspace.name): \(title)")
    }

    /// Changes a session that runs. What is absent in the request stays.
    func change(_ id: String, _ request: ChangeRequest) async throws -> SessionDocument {
        guard let parsed = SessionID(id) else {
            throw HostFailure.sessionNotFound("change session \(id): there is no such session")
        }
        let change = try request.limits?.change() ?? .init()
        let limits = limits
        // Not a child of the request: a client that goes away leaves no half-made change (I7).
        return try await document(Task.detached { try await limits.change(parsed, change) }.value)
    }

    /// Sessions of one workspace or of all, ended ones included for as long as their rows are kept.
    func list(workspace: String?) async throws -> [SessionDocument] {
        var id: WorkspaceID?
        if let workspace {
            guard let parsed = WorkspaceID(workspace), try await context.index.workspace(parsed) != nil else {
                throw HostFailure.workspaceNotFound("list the sessions of \(workspace): there is no such workspace")
            }
            id = parsed
        }
        var documents: [SessionDocument] = []
        for row in try await context.index.sessions(workspace: id, includeEnded: true) where !row.wentWellUnseen {
            documents.append(try await document(row))
        }
        return documents
    }

    /// One session.
    func show(_ id: String) async throws -> SessionDocument { try await document(row(id, "show session")) }

    /// Ends a session and waits for the kernel's word. What has left the workspace's slice is told and left alone.
    func kill(_ id: String, force: Bool) async throws -> SessionEndDocument {
        let row = try await row(id, "kill session")
        try Self.refuseEnded(row)
        // Before anything is said of it: what is not on record nobody goes on with (I7). It may have ended by itself since it was read.
        if let stamped = try await context.index.stampDispose(row.id, because: .killed, at: .now) {
            try Self.refuseEnded(stamped)
        }
        var end = await ender.kill(row, reason: .killed, force: force, isStamped: true)
        if end.outcome == .confirmed, let scope = ScopeName(unit: row.unit) {
            end.suspects = await leavers.look(for: scope)
        }
        return end
    }

    private static func refuseEnded(_ row: SessionRow) throws(HostFailure) {
        guard !row.status.isEnded || row.couldHaveMembers else {
            throw .sessionEnded(
                "kill session \(row.id): it has ended already (\(row.endReason?.rawValue ?? "no reason recorded"))"
            )
        }
    }

    /// Takes input over: written at once or as the terminal takes it, up to a limit. A wait for output looks at what comes after it.
    ///
    /// What an attached client types is not input of this kind: its terminal also answers queries of programs by itself.
    func send(_ input: TerminalInput, to id: String) async throws {
        let live = try await live(id, "write to session")
        try await freezes.admitInput(row(id, "write to session"))
        let feed = live.held?.feed
        let marksPaste = input.isPaste ? await feed?.wantsBracketedPaste() ?? false : false
        let end = feed?.end
        try live.enqueue(input.writes(marksPaste: marksPaste))
        if let end { feed?.noteInput(at: end) }
    }

    /// Changes the terminal's size.
    func resize(_ id: String, to size: TerminalSize) async throws {
        guard let size = WindowSize(columns: size.columns, rows: size.rows) else {
            throw HostFailure.invalidRequest(
                "resize session \(id): columns and rows go from 1 to 1000; nothing was changed")
        }
        try await live(id, "resize session").resize(to: size)
    }

    /// What the ring holds, also after the session's end. See ``EndedOutputs``.
    func output(_ id: String, from: UInt64?) async throws -> OutputSlice {
        try await output(of: id, "read session").slice(from: from)
    }

    /// What the terminal shows, and what has scrolled off it.
    func screen(_ id: String, historyLines: Int, withCells: Bool) async throws -> ScreenDocument {
        try await output(of: id, "read session").screen(historyLines: historyLines, withCells: withCells)
    }

    /// Attaches a client.
    /// - Parameter window: so that it is drawn for that; nil for a client without one, or that only looks.
    func attach(_ id: String, from: UInt64?, epoch: String?, window: ClientWindow?) async throws -> any Attachment {
        let row = try await row(id, "attach to session")
        _ = try await freezes.wake(row, "attached")
        let live = await registry.session(row.id)
        let feed = try await output(of: id, "attach to session")
        let key = feed.newKey()
        if let window, let size = WindowSize(columns: window.size.columns, rows: window.size.rows) {
            do { try live?.resize(to: size, by: key, idle: window.idle) } catch {
                // A terminal that is hung up has no size, and its output can still be read.
            }
        }
        await feed.attach(
            key, title: row.title, from: from, epoch: epoch, columns: window.map { Int($0.size.columns) })
        let watch = live.map { _ in FreezeWatch(row, context, feed: feed, key: key) }
        return SessionAttachment(session: live, feed: feed, key: key, watch: watch)
    }

    /// A session's output, also after its end for as long as it is held.
    func output(of id: String, _ verb: String) async throws -> TerminalFeed {
        do {
            guard let held = try await live(id, verb).held else { throw Self.terminalLost(id, verb) }
            return held.feed
        } catch {
            // It may have ended a moment ago: then its output was put aside in the same step as it was let go.
            if let parsed = SessionID(id), let ended = await registry.endedOutput(parsed) { return ended }
            throw error
        }
    }

    private func live(_ id: String, _ verb: String) async throws -> LiveSession {
        // First what is held, then the row: an end is written down before the session is let go, so the row that follows a miss
        // is never older than the miss.
        if let parsed = SessionID(id), let live = await registry.session(parsed), live.held != nil { return live }
        let row = try await row(id, verb)
        if row.status.isEnded {
            throw HostFailure.sessionEnded(
                "\(verb) \(id): it has ended (\(row.endReason?.rawValue ?? "no reason recorded")), and its terminal is gone"
            )
        }
        if row.status == .starting { throw HostFailure.conflict("\(verb) \(id): it is still starting; try again") }
        throw Self.terminalLost(id, verb)
    }

    private static func terminalLost(_ id: String, _ verb: String) -> HostFailure {
        .terminalLost(
            "\(verb) \(id): its terminal was lost when the host restarted; its processes can still be listed and killed"
        )
    }

    /// A session's row.
    /// - Throws: ``HostFailure/sessionNotFound(_:)``, with what was to be done.
    func row(_ id: String, _ verb: String) async throws -> SessionRow {
        guard let parsed = SessionID(id), let row = try await context.index.session(parsed) else {
            throw HostFailure.sessionNotFound("\(verb) \(id): there is no such session")
        }
        return row
    }

    private func document(_ row: SessionRow) async throws -> SessionDocument {
        SessionDocument(row, live: await registry.session(row.id), ground: context.ground)
    }

    private static func directory(_ wanted: String?, in workspace: String) -> String {
        guard let wanted, !wanted.isEmpty else { return workspace }
        return wanted.hasPrefix("/") ? wanted : workspace + "/" + wanted
    }
}

extension SessionRow {
    /// Whether it is a session of the host's own that went well: nobody asks for it again.
    fileprivate var wentWellUnseen: Bool { kind != .shell && status.isEnded && exit == .code(0) }
}
