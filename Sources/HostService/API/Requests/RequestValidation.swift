import CgroupPty
import HostProtocol
import TerminalText

/// What a value in a request may be, whatever route it came by (I8).
///
/// These are the checks that need nothing but the request; whether a path exists or a branch is free is the host's to
/// say. Values end up in argument vectors, environments, unit descriptions and the journal, so a NUL is nowhere
/// taken, a control character not where a line of text is meant, and a leading `-` not where git would read an
/// option.
enum RequestValidation {
    /// Items of a command. A shell's own glob may make more; such a command belongs into `sh -c`.
    static let commandItems = 1_000
    /// Bytes of a command in all, each item with its NUL. The kernel takes 128 KiB in one item and 2 MiB in all.
    static let commandBytes = 128 << 10
    /// Variables that a request may add to the environment.
    static let variables = 500
    /// Bytes of one `NAME=value` with its NUL: the kernel's `MAX_ARG_STRLEN`, beyond which execve(2) fails.
    static let variableBytes = 128 << 10
    /// Bytes of a path with its NUL: the kernel's `PATH_MAX`.
    static let pathBytes = 4096
    /// Bytes of a name, a title or a branch. systemd takes a longer description; nobody reads one.
    static let nameBytes = 255
    /// Columns or rows of a terminal.
    static let terminalCells = 1...1000
    /// Bytes of a regular expression. One that a person can read is much shorter.
    static let patternBytes = 1 << 10
    /// Seconds of no use before a workspace is frozen: up to a month. Below a second a person who pauses would be taken for gone.
    static let freezeIdleSeconds = 1...31 * 86_400
    /// Seconds that a session or a workspace may live: up to ten years, which is as good as for ever and can be counted.
    static let lifetimeSeconds = 1...10 * 366 * 86_400
    /// Seconds that a delete's reply, or something in a session, may be waited for.
    static let timeoutSeconds = 0.0...3600.0
    /// Seconds that the files of a workspace may be counted.
    static let diskSeconds = 0.0...300.0

    // MARK: Ids in a path

    /// Refuses what cannot be a workspace's id, as the absence of such a workspace.
    static func lookUp(workspace id: String) throws(HostFailure) -> String {
        guard WorkspaceID(id) != nil else {
            throw .workspaceNotFound("look up workspace \(shown(id)): no workspace has such an id")
        }
        return id
    }

    /// Refuses what cannot be a session's id, as the absence of such a session.
    static func lookUp(session id: String) throws(HostFailure) -> String {
        guard SessionID(id) != nil else {
            throw .sessionNotFound("look up session \(shown(id)): no session has such an id")
        }
        return id
    }

    /// Refuses what cannot be a receipt's id, as the absence of such a receipt.
    static func lookUp(receipt id: String) throws(HostFailure) -> String {
        let isPlain = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, (1...64).contains(id.utf8.count) else {
            throw .receiptNotFound("look up receipt \(shown(id)): no receipt has such an id")
        }
        return id
    }

    // MARK: Bodies

    /// Checks a wish to trust scripts.
    static func check(_ request: TrustRequest) throws(HostFailure) {
        try path(request.path, "path", mustBeAbsolute: true)
    }

    private static func span(
        _ value: Int?, _ field: String, in bounds: ClosedRange<Int>, orNever: Bool
    ) throws(HostFailure) {
        guard let value, !bounds.contains(value), value != 0 || !orNever else { return }
        let never = orNever ? ", or 0 for never" : ""
        throw refused(field, "is a number of seconds from \(bounds.lowerBound) to \(bounds.upperBound)\(never)")
    }

    /// Checks a wish for a workspace.
    static func check(_ request: CreateWorkspaceRequest) throws(HostFailure) {
        if let id = request.id, WorkspaceID(id) == nil { throw idRefused(id) }
        _ = try request.limits?.change()
        try line(request.name, "name")
        try span(request.freezeIdle, "freeze_idle", in: freezeIdleSeconds, orNever: true)
        try span(request.expiresIn, "expires_in", in: lifetimeSeconds, orNever: true)
        switch request.kind ?? .worktree {
        case .worktree:
            guard request.repository != nil else {
                throw refused("repository", "is missing; a worktree needs a repository")
            }
            guard request.path == nil else { throw refused("path", "belongs to an adoption; send `kind`: \"adopted\"") }
            try path(request.repository, "repository", mustBeAbsolute: true)
            try gitName(request.branch, "branch")
            try gitName(request.base, "base")
        case .adopted:
            guard request.path != nil else { throw refused("path", "is missing; an adoption needs a directory") }
            let unwanted = [
                ("repository", request.repository), ("branch", request.branch), ("base", request.base),
            ]
            for (field, value) in unwanted where value != nil {
                throw refused(field, "belongs to a worktree; an adopted directory is taken as it is")
            }
            try path(request.path, "path", mustBeAbsolute: true)
        }
    }

    /// Checks a wish for a session.
    static func check(_ request: CreateSessionRequest) throws(HostFailure) {
        if let id = request.id, SessionID(id) == nil { throw idRefused(id) }
        _ = try request.limits?.change()
        try line(request.title, "title")
        try path(request.cwd, "cwd", mustBeAbsolute: false)
        if let size = request.size { try check(size) }
        try checkCommand(request.command ?? [])
        try checkEnvironment(request.env ?? [:])
        try span(request.maxRuntime, "max_runtime", in: lifetimeSeconds, orNever: false)
        try span(request.idleTimeout, "idle_timeout", in: lifetimeSeconds, orNever: false)
    }

    /// Checks a wish for something to be different.
    static func check(_ request: ChangeRequest) throws(HostFailure) {
        if let limits = request.limits, try limits.change().isEmpty { throw refused("limits", "is empty") }
        try span(request.freezeIdle, "freeze_idle", in: freezeIdleSeconds, orNever: true)
        try span(request.expiresIn, "expires_in", in: lifetimeSeconds, orNever: true)
        guard request != ChangeRequest() else {
            throw .invalidRequest("body: it names nothing that is to be changed; nothing was done")
        }
    }

    /// Checks a wish to wait for something.
    static func check(_ request: WaitRequest) throws(HostFailure) {
        if let timeout = request.timeout { try seconds(timeout, "timeout") }
        let foreign: [(String, Bool)] =
            switch request.event {
            case .exit:
                [
                    ("pattern", request.pattern != nil), ("idle_seconds", request.idleSeconds != nil),
                    ("from", request.from != nil),
                ]
            case .output: [("idle_seconds", request.idleSeconds != nil)]
            case .idle: [("pattern", request.pattern != nil), ("from", request.from != nil)]
            }
        for (field, isGiven) in foreign where isGiven {
            throw refused(field, "means nothing to a wait for \(request.event.rawValue)")
        }
        switch request.event {
        case .exit: break
        case .output: _ = try pattern(request.pattern)
        case .idle:
            guard let idle = request.idleSeconds else {
                throw refused("idle_seconds", "is missing; a wait for idle needs to know how long nothing may come")
            }
            try seconds(idle, "idle_seconds")
        }
    }

    /// Reads a regular expression.
    static func pattern(_ text: String?) throws(HostFailure) -> LinePattern {
        guard let text, !text.isEmpty else {
            throw refused("pattern", "is missing; a wait for output needs a regular expression")
        }
        guard text.utf8.count <= patternBytes else {
            throw refused("pattern", "has \(text.utf8.count) bytes; at most \(patternBytes) are taken")
        }
        do throws(LinePattern.Refusal) {
            return try LinePattern(text)
        } catch {
            throw refused("pattern", "\(error)")
        }
    }

    private static func seconds(_ value: Double, _ field: String) throws(HostFailure) {
        guard timeoutSeconds.contains(value) else {
            throw refused(
                field,
                "is \(value); \(Int(timeoutSeconds.lowerBound)) to \(Int(timeoutSeconds.upperBound)) seconds are taken")
        }
    }

    /// Checks a terminal's size.
    static func check(_ size: TerminalSize) throws(HostFailure) {
        for (field, value) in [("columns", size.columns), ("rows", size.rows)] where !terminalCells.contains(value) {
            throw refused(
                field, "is \(value); a terminal has \(terminalCells.lowerBound) to \(terminalCells.upperBound)"
            )
        }
    }

    private static func checkCommand(_ command: [String]) throws(HostFailure) {
        guard command.count <= commandItems else {
            throw refused("command", "has \(command.count) items; at most \(commandItems) are taken")
        }
        guard command.first != "" else { throw refused("command", "names no program: its first item is empty") }
        for (index, item) in command.enumerated() { try noNUL(item, "command[\(index)]") }
        let bytes = command.reduce(0) { $0 + $1.utf8.count + 1 }
        guard bytes <= commandBytes else {
            throw refused("command", "has \(bytes) bytes; at most \(commandBytes) are taken")
        }
    }

    private static func checkEnvironment(_ variables: [String: String]) throws(HostFailure) {
        guard variables.count <= Self.variables else {
            throw refused("env", "has \(variables.count) variables; at most \(Self.variables) are taken")
        }
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
            guard isVariableName(name) else {
                throw refused("env", "has the name \(shown(name)); a name matches [A-Za-z_][A-Za-z0-9_]*")
            }
            try noNUL(value, "env.\(name)")
            guard name.utf8.count + value.utf8.count + 2 <= variableBytes else {
                throw refused("env.\(name)", "is too long; at most \(variableBytes) bytes are taken")
            }
        }
    }

    // MARK: Kinds of text

    private static func isVariableName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    private static func line(_ text: String?, _ field: String) throws(HostFailure) {
        guard let text else { return }
        guard !text.isEmpty else { throw refused(field, "is empty") }
        guard text.utf8.count <= nameBytes else {
            throw refused(field, "has \(text.utf8.count) bytes; at most \(nameBytes) are taken")
        }
        guard OneLine.fits(text) else { throw refused(field, "holds a control character") }
    }

    private static func gitName(_ text: String?, _ field: String) throws(HostFailure) {
        try line(text, field)
        if let text, text.hasPrefix("-") { throw refused(field, "begins with \"-\"; git would take it for an option") }
    }

    private static func path(_ text: String?, _ field: String, mustBeAbsolute: Bool) throws(HostFailure) {
        guard let text else { return }
        guard !text.isEmpty else { throw refused(field, "is empty") }
        try noNUL(text, field)
        guard text.utf8.count < pathBytes else {
            throw refused(field, "has \(text.utf8.count) bytes; a path has at most \(pathBytes - 1)")
        }
        if mustBeAbsolute, !text.hasPrefix("/") {
            throw refused(field, "is the relative path \(shown(text)); it must be absolute")
        }
    }

    private static func noNUL(_ text: String, _ field: String) throws(HostFailure) {
        if text.utf8.contains(0) { throw refused(field, "holds a NUL") }
    }

    // MARK: Texts

    private static func idRefused(_ id: String) -> HostFailure {
        refused("id", "is \(shown(id)); an id matches [a-z0-9]{4,32}")
    }

    private static func refused(_ field: String, _ reason: String) -> HostFailure {
        .invalidRequest("body: `\(field)` \(reason); nothing was done")
    }

    /// A text of a client within quotes, shortened: it comes back in an answer and may go to the journal.
    private static func shown(_ text: String) -> String {
        text.count <= 64 ? "\"\(text)\"" : "\"\(text.prefix(64))…\""
    }
}
