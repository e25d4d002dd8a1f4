import CgroupPty

/// The environment that a session's leader starts with: the person's, never the service's own.
///
/// What systemd gave to the service, what another multiplexer set and what is secret to the service is left out; the terminal
/// and a UTF-8 locale are set; Corral's tags are put on last, so that nobody's choice hides them.
struct SessionEnvironment: Sendable {
    /// Names that belong to the service. A `*` at the end stands for any rest.
    static let scrubbed = [
        "INVOCATION_ID", "JOURNAL_STREAM", "NOTIFY_SOCKET", "LISTEN_*", "MANAGERPID", "SYSTEMD_EXEC_PID",
        "XDG_SESSION_ID",
        "TMUX*", "STY", "CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "CACHE_DIRECTORY",
        "LOGS_DIRECTORY",
        "CONFIGURATION_DIRECTORY", "WATCHDOG_*", "FDSTORE", "MAINPID", "MEMORY_PRESSURE_*", "CORRAL_*",
        "SWIFT_BACKTRACE",
        "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL", "_",
    ]

    /// Where commands are looked for when nothing else says so; see login(1), ENV_PATH.
    static let standardPath = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"

    /// Names and values, without order.
    private(set) var values: [String: String]

    /// Builds the environment of one session.
    /// - Parameter base: the service's own environment, from which the person's part is kept.
    /// - Parameter chosen: what the creating request asked for; it wins over all but Corral's tags.
    init(
        base: [String: String], account: LoginAccount, chosen: [String: String], scope: ScopeName,
        workspacePath: String,
        isRetry: Bool = false
    ) {
        values = base.filter { name, _ in !Self.isScrubbed(name) }
        values["HOME"] = values["HOME"] ?? account.home
        values["USER"] = account.name
        values["LOGNAME"] = account.name
        values["SHELL"] = account.shell
        values["PATH"] = values["PATH"] ?? Self.standardPath
        values["TERM"] = "xterm-256color"
        values["COLORTERM"] = "truecolor"
        if !Self.hasUTF8(values) { values["LC_CTYPE"] = "C.UTF-8" }
        values.merge(chosen) { _, chosen in chosen }
        values["CORRAL_INSTANCE"] = scope.instance.rawValue
        values["CORRAL_WORKSPACE"] = scope.workspace.rawValue
        values["CORRAL_SESSION"] = scope.session.rawValue
        values["CORRAL_WORKSPACE_PATH"] = workspacePath
        if isRetry { values["CORRAL_RETRY"] = "1" }
    }

    /// `NAME=value` each, by name.
    var strings: [String] { values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } }

    private static func isScrubbed(_ name: String) -> Bool {
        scrubbed.contains { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0 }
    }

    /// See: locale(7): LC_ALL, then LC_CTYPE, then LANG.
    private static func hasUTF8(_ values: [String: String]) -> Bool {
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let value = values[name], !value.isEmpty else { continue }
            let lower = value.lowercased()
            return lower.contains("utf-8") || lower.contains("utf8")
        }
        return false
    }
}
