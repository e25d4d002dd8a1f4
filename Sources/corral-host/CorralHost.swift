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
            """,
        version: HostVersion.current)

    @OptionGroup var places: HostPlaces

    @Option(help: "Seconds from one reaper pass to the next.")
    var reapInterval: Int = 300

    @Option(help: "Sessions that may run at the same time.")
    var sessionLimit: Int = 3000

    @Option(help: "Kibibytes of a session's output that are kept; less when there are very many sessions.")
    var ringSize: Int = 2048

    @Option(help: "Seconds that a setup or teardown script may take.")
    var scriptTimeout: Int = 60

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

    @Option(help: "Seconds of no use after which a workspace is frozen that does not say itself. Else never.")
    var freezeIdle: Int?

    @Option(
        help:
            "Seconds after which a worktree is deleted that does not say itself, unless work would be lost. Else never."
    )
    var expiresIn: Int?

    @Flag(
        help: ArgumentHelp("Print what `corral doctor` wants to know as JSON, and start nothing.", visibility: .hidden))
    var examine = false

    @Flag(help: ArgumentHelp("Print the interface as an OpenAPI document, and start nothing.", visibility: .hidden))
    var openapi = false

    func validate() throws {
        if let expiresIn, !(1...10 * 366 * 86_400).contains(expiresIn) {
            throw ValidationError("--expires-in goes from 1 to 316224000 seconds")
        }
        if let freezeIdle, !(1...31 * 86_400).contains(freezeIdle) {
            throw ValidationError("--freeze-idle goes from 1 to 2678400 seconds")
        }
        guard (64...65_536).contains(ringSize) else { throw ValidationError("--ring-size goes from 64 to 65536 KiB") }
        guard (1...3600).contains(scriptTimeout) else {
            throw ValidationError("--script-timeout goes from 1 to 3600 seconds")
        }
        guard (1...86_400).contains(reapInterval) else {
            throw ValidationError("--reap-interval goes from 1 to 86400 seconds")
        }
        guard (1...3500).contains(sessionLimit) else {
            throw ValidationError("--session-limit goes from 1 to 3500; kernel.pty.max allows 4096 terminals")
        }
    }

    func run() async throws {
        if openapi { return print(try HostService.openAPI()) }
        // First of all: they have the lowest numbers, and are closed on exec from here on.
        let descriptors = InheritedDescriptors.take()
        let logger = places.logger("corral-host")
        do {
            var configuration = try places.configuration()
            configuration.reapInterval = .seconds(reapInterval)
            configuration.sessionLimit = sessionLimit
            configuration.ringCapacity = ringSize << 10
            configuration.scriptTimeout = .seconds(scriptTimeout)
            configuration.workspaceDefaults = try .defaults(workspaceDefaults, option: "--workspace-default")
            configuration.sessionDefaults = try .defaults(sessionDefaults, option: "--session-default")
            configuration.expiresIn = expiresIn
            configuration.freezeIdle = freezeIdle.map { .seconds($0) }
            if examine { return print(try WireCoding.text(of: try await Examination.run(configuration))) }
            try await HostService.run(configuration, descriptors: descriptors, logger: logger)
        } catch {
            logger.critical("\(error)")
            // systemd starts a service of ours again at once and for ever: a start that is refused must not be a busy loop.
            if getenv("NOTIFY_SOCKET") != nil { sleep(1) }
            throw ExitCode(1)
        }
    }
}
