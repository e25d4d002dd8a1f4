import FoundationEssentials
import Glibc

/// The systemd unit that the host runs as.
///
/// An installed `corral-host.service` is used as it is. Without one the unit is transient: made by `systemd-run` with the
/// properties that the installed one has, and gone when it stops.
struct HostUnit {
    /// The unit's name. One a manager.
    static let name = "corral-host.service"

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

    /// Whether systemd says that it runs, or is about to.
    func isActive() throws(CommandFailure) -> Bool {
        ["active", "activating", "reloading", "deactivating"].contains(try property("ActiveState"))
    }

    /// Refuses while systemd starts the unit over and over. A first start may take its time.
    func refuseIfRetried() throws(CommandFailure) {
        guard try property("ActiveState") == "activating" else { return }
        let count = try property("NRestarts")
        guard count != "0", !count.isEmpty else { return }
        throw .hostGone("\(Self.name) does not start; it was tried \(count) times again. `\(journal)` tells why.")
    }

    /// Starts the unit and waits until it is ready.
    /// - Throws: ``CommandFailure`` with where to look when it did not become ready.
    func start(socket: String?) throws(CommandFailure) {
        let status: Int32
        if try isInstalled() {
            status = try systemctl(["start", Self.name]).status
        } else {
            let arguments = try transientArguments(
                executable: try Self.executable(), environment: ProcessInfo.processInfo.environment, socket: socket
            )
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
    func stop() throws(CommandFailure) {
        guard try systemctl(["stop", Self.name]).status == 0 else {
            throw .failed("\(Self.name) did not stop. `\(journal)` tells why.")
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
        let named = socket ?? environment["CORRAL_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        if let named { arguments.append("--runtime-directory=\(try Self.directory(ofSocket: named))") }
        return arguments
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
        let result = try systemctl(["show", "--property=\(name)", "--value", Self.name], capturing: true)
        guard result.status == 0 else {
            throw .failed(
                """
                systemd's \(isUser ? "user" : "system") manager does not answer, so the host cannot be started or stopped. \
                \(isUser ? "Is there one? `systemctl --user status` tells." : "`systemctl status` tells more.")
                """
            )
        }
        return String(result.output.prefix { $0 != "\n" })
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
