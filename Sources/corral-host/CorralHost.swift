import ArgumentParser
import CgroupPty
import Glibc
import HostProtocol
import HostService
import Logging

/// `corral-host`: the service. Runs in the foreground until SIGTERM or SIGINT.
@main
struct CorralHost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "corral-host",
        abstract: "Keeps workspaces and their terminals, and ends them for certain.",
        discussion: """
            Runs in the foreground. Usually systemd starts it: `corral host start`, or a unit of Type=notify. As an ordinary
            user it works with the user manager, as root with the system manager. Under systemd its sessions outlive a restart and
            a crash; they end when it is stopped.

            What an option does not say is read from /etc/corral/corral.conf, a user's also from ~/.config/corral/corral.conf, and
            from *.conf in corral.conf.d beside them, once, at the start; see corral.conf(5). Times are written as 90s, 5min or
            1h 30min, sizes as 512K or 2M.
            """,
        version: HostVersion.current)

    @OptionGroup var places: HostPlaces

    @Option(help: "Time from one reaper pass to the next. [5min]")
    var reapInterval: String?

    @Option(help: "Sessions that may run at the same time. [3000]")
    var sessionLimit: String?

    @Option(help: "Size of a session's output that is kept; less when there are very many sessions. [2M]")
    var ringSize: String?

    @Option(help: "Time that a setup or teardown script may take. [60s]")
    var scriptTimeout: String?

    @Option(
        name: .customLong("workspace-default"), parsing: .singleValue,
        help: ArgumentHelp(
            "What new workspaces are limited to, such as memory-max=8G. Can be given more than once.",
            valueName: "limit=value"))
    var workspaceDefaults: [String] = []

    @Option(
        name: .customLong("session-default"), parsing: .singleValue,
        help: ArgumentHelp(
            "What new sessions are limited to, such as tasks-max=2000. Can be given more than once.",
            valueName: "limit=value"))
    var sessionDefaults: [String] = []

    @Option(help: "Time of no use after which a workspace is frozen that does not say itself. [infinity]")
    var freezeIdle: String?

    @Option(
        help:
            "Time after which a worktree is deleted that does not say itself, unless work would be lost. [infinity]"
    )
    var expiresIn: String?

    @Flag(help: "Print what is in force of the configuration, and where each value comes from, and start nothing.")
    var showConfiguration = false

    @Flag(
        help: ArgumentHelp("Print what `corral doctor` wants to know as JSON, and start nothing.", visibility: .hidden))
    var examine = false

    @Flag(help: ArgumentHelp("Print the interface as an OpenAPI document, and start nothing.", visibility: .hidden))
    var openapi = false

    /// What the options say of the configuration.
    private var options: [ConfigurationAssignment] {
        get throws {
            let single: [ConfigurationAssignment?] = [
                .option("--reap-interval", reapInterval), .option("--session-limit", sessionLimit),
                .option("--ring-size", ringSize), .option("--script-timeout", scriptTimeout),
                .option("--freeze-idle", freezeIdle), .option("--expires-in", expiresIn),
            ]
            return try single.compactMap { $0 } + .limits(workspaceDefaults, option: "--workspace-default")
                + .limits(sessionDefaults, option: "--session-default")
        }
    }

    func run() async throws {
        if openapi { return print(try HostService.openAPI()) }
        Heap.share()
        // Before anything is opened: they have the lowest numbers, and are closed on exec from here on.
        let descriptors = InheritedDescriptors.take()
        var logger = places.logger("corral-host")
        do {
            if examine {
                // Whoever asked has given up by then, and a dead disk would keep us for ever.
                alarm(60)
                return print(try WireCoding.text(of: await Examination.run(places, options: try options)))
            }
            let settled = try places.configuration(options: try options)
            if showConfiguration { return print(settled.text) }
            logger.logLevel = settled.configuration.logLevel
            try await HostService.run(settled.configuration, descriptors: descriptors, logger: logger)
        } catch {
            let status = StartRefusal.tell(error, .critical, consequence: "corral-host was not started", to: logger)
            // systemd starts a service of ours again at once and for ever: a start that is refused must not be a busy loop.
            if getenv("NOTIFY_SOCKET") != nil { sleep(1) }
            throw ExitCode(status)
        }
    }
}
