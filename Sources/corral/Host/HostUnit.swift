import FoundationEssentials
import Glibc
import HostClient

/// The systemd unit that the host runs as.
///
/// An installed `corral-host.service` is used as it is. Without one the unit is transient: made by `systemd-run` with the
/// properties that the installed one has, and gone when it stops.
struct HostUnit {
    /// The unit's name. One a manager.
    static let name = "corral-host.service"

    /// The unit that listens for clients and starts the service for the first one, where it is installed.
    static let socketName = "corral.socket"

    /// A descriptor for each of 3,500 sessions, one for the output of each of 512 that are over, and the socket. The same as in
    /// packaging/systemd.
    static let descriptorStoreSize = 4096

    /// Whether the user's own manager is meant rather than the system's.
    let isUser: Bool

    /// The unit of the manager that fits the calling user.
    init(userID: uid_t = geteuid()) {
        isUser = userID != 0
    }

    /// Whether systemd knows a file for the unit.
    func isInstalled() throws(CommandFailure) -> Bool {
        try property("LoadState") == "loaded"
    }

    /// What systemd says of it and of its socket. Starts nothing.
    func look() throws(CommandFailure) -> HostUnitState {
        HostUnitState(try show(HostUnitState.properties, of: [Self.name, Self.socketName]))
    }

    /// Refuses while systemd starts the unit over and over. A first start may take its time.
    func refuseIfRetried() throws(CommandFailure) {
        guard try property("ActiveState") == "activating" else { return }
        let count = try property("NRestarts")
        guard count != "0", !count.isEmpty else { return }
        throw .hostGone("\(Self.name) does not start; it was tried \(count) times again. `\(journal)` tells why.")
    }

    /// Starts the unit and waits until it is ready; and its socket unit, where that is enabled: a stop has stopped it, too.
    /// - Parameter socket: A socket that the user named, for the host to listen on. That of an installed unit is the unit's.
    /// - Throws: ``CommandFailure`` with where to look when it did not become ready.
    func start(socket: String?) throws(CommandFailure) {
        let environment = ProcessInfo.processInfo.environment
        let status: Int32
        if try isInstalled() {
            let state = try look()
            if let named = Self.named(socket, environment) { try refuse(socket: named, state, environment) }
            let sockets = state.socketIsEnabled && !state.socketIsActive ? [Self.socketName] : []
            status = try systemctl(["start"] + sockets + [Self.name]).status
        } else {
            let arguments = try transientArguments(
                executable: try Self.executable(), environment: environment, socket: socket)
            status = try ChildProcess.run("systemd-run", arguments).status
        }
        guard status == 0 else {
            throw .failed("\(Self.name) did not start. `\(journal)` tells why.")
        }
    }

    /// Restarts the unit and waits until it is ready again.
    func restart() throws(CommandFailure) {
        guard try systemctl(["restart", Self.name]).status == 0 else {
            throw .failed("\(Self.name) did not start again. `\(journal)` tells why.")
        }
    }

    /// Stops the unit and waits until it has ended.
    ///
    /// Its socket unit, where that listens, goes with it: else the next client, a `corral events` that looks for the host for
    /// instance, would start it again.
    /// - Parameter state: How it was when it was decided to stop it. What did not run then is not stopped.
    /// - Throws: ``CommandFailure`` also when something has started it meanwhile.
    func stop(_ state: HostUnitState) throws(CommandFailure) {
        let units = (state.socketIsActive ? [Self.socketName] : []) + (state.isActive ? [Self.name] : [])
        guard try systemctl(["stop"] + units).status == 0, try !look().isActive else {
            throw .failed("\(Self.name) did not stop, or was started again. `\(journal)` tells why.")
        }
    }

    /// What `systemd-run` is given for a transient unit.
    ///
    /// After a crash systemd starts it again, at once and however often: else it would close the terminals that it keeps.
    /// - Parameter socket: A socket that the user named, for the host to listen on.
    /// - Throws: ``CommandFailure/refused(_:)`` for a socket that the host cannot be told to make.
    func transientArguments(
        executable: String, environment: [String: String], socket: String?
    ) throws(CommandFailure) -> [String] {
        var arguments = isUser ? ["--user"] : []
        arguments += [
            "--quiet", "--collect", "--unit=\(Self.name)", "--service-type=notify",
            "--description=Corral host: workspaces and persistent terminals",
            "--property=Restart=always", "--property=RestartSec=0", "--property=StartLimitIntervalSec=0",
            "--property=FileDescriptorStoreMax=\(Self.descriptorStoreSize)", "--property=KillMode=mixed",
            "--property=TimeoutStopSec=100", "--property=WatchdogSec=60", "--property=TimeoutAbortSec=10",
            "--property=OOMPolicy=continue", "--property=OOMScoreAdjust=-500",
            "--property=ManagedOOMPreference=avoid", "--setenv=SWIFT_BACKTRACE=enable=no",
        ]
        for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            if let place = environment[name], !place.isEmpty { arguments.append("--setenv=\(name)=\(place)") }
        }
        arguments += ["--", executable]
        if let named = Self.named(socket, environment) {
            arguments.append("--runtime-directory=\(try Self.directory(ofSocket: named))")
        }
        return arguments
    }

    /// The socket that is named, by an option or by the environment.
    private static func named(_ socket: String?, _ environment: [String: String]) -> String? {
        socket ?? environment["CORRAL_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Refuses to start the installed unit for a socket that is not its own: its host would listen elsewhere.
    private func refuse(
        socket: String, _ state: HostUnitState, _ environment: [String: String]
    ) throws(CommandFailure) {
        let path = try CurrentDirectory.absolute(socket)
        var places = environment
        places["CORRAL_SOCKET"] = nil
        let usual: String?
        do { usual = try SocketPath.resolve(explicit: nil, environment: places) } catch { usual = nil }
        if path == usual || state.isSocket(at: path) { return }
        throw .refused(
            """
            \(Self.name) is installed, and its host listens \(usual.map { "at \($0)" } ?? "in the runtime directory"), so \
            none was started for \(path). A second host is a service of its own, or is started by hand: corral-host --help.
            """)
    }

    /// The directory in which a host must be told to make its socket, so that it is this one.
    private static func directory(ofSocket path: String) throws(CommandFailure) -> String {
        let absolute = try CurrentDirectory.absolute(path)
        guard absolute.hasSuffix("/corral.sock") else {
            throw .refused("A host's socket is always called corral.sock, so none can be started at \(path).")
        }
        return String(absolute.dropLast("/corral.sock".count))
    }

    /// How a person reads the unit's log.
    private var journal: String {
        "journalctl \(isUser ? "--user " : "")-u \(Self.name) -n 50"
    }

    private func property(_ name: String) throws(CommandFailure) -> String {
        let text = try show([name], of: [Self.name])
        return String(text.prefix { $0 != "\n" }.drop { $0 != "=" }.dropFirst())
    }

    private func show(_ properties: [String], of units: [String]) throws(CommandFailure) -> String {
        let wanted = "--property=\(properties.joined(separator: ","))"
        let result = try systemctl(["show", wanted] + units, capturing: true)
        guard result.status == 0 else {
            throw .failed(
                """
                systemd's \(isUser ? "user" : "system") manager does not answer, so the host cannot be started or stopped. \
                \(isUser ? "Is there one? `systemctl --user status` tells." : "`systemctl status` tells more.")
                """
            )
        }
        return result.output
    }

    private func systemctl(
        _ arguments: [String], capturing: Bool = false
    ) throws(CommandFailure) -> ChildProcess.Result {
        try ChildProcess.run("systemctl", (isUser ? ["--user"] : []) + arguments, capturing: capturing)
    }

    /// The service's program: beside this one, else in `PATH`.
    static func executable() throws(CommandFailure) -> String {
        let own = CurrentDirectory.real("/proc/self/exe")
        let directory = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? ""
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        let directories = [directory] + path.split(separator: ":" as Character).map(String.init)
        for directory in directories where directory.hasPrefix("/") {
            let candidate = directory + "/corral-host"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        throw .failed("corral-host is neither beside \(own) nor in PATH, so it cannot be started.")
    }
}
