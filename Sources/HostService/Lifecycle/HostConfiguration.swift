public import CgroupPty
import Glibc
public import Logging
import Reaper

/// Where a host keeps its things and how long it waits, settled before anything is touched.
public struct HostConfiguration: Sendable {
    /// A configuration that cannot be used, in words.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// Which systemd holds the scopes.
    public var manager: ManagerKind
    /// Index, instance file and worktrees: `…/corral/<machine-id>`.
    public var stateDirectory: String
    /// Socket and locks of this boot: `…/corral`.
    public var runtimeDirectory: String
    /// Where the instance's claim lies: the same for every host of a manager, wherever its own directories are.
    let claimDirectory: String
    /// The service's own environment, read once.
    public var environment: [String: String]
    /// From one reaper pass to the next.
    public var reapInterval: Duration = .seconds(300)
    /// Sessions that have not ended at most; `kernel.pty.max` is 4,096.
    public var sessionLimit = 3000
    /// Bytes of a session's output that are kept.
    public var ringCapacity = OutputRing.standardCapacity
    /// What systemd gives a scope between SIGTERM and SIGKILL.
    public var stopGrace: Duration = .seconds(5)
    /// What a teardown or setup script may take.
    public var scriptTimeout: Duration = .seconds(60)
    /// What new workspaces are limited to unless their request says otherwise.
    public var workspaceDefaults = ResourceLimits()
    /// What new sessions are limited to unless their request says otherwise. The host's own scripts are not.
    public var sessionDefaults = ResourceLimits()
    /// After how long of no use a workspace is frozen that does not say itself; nil for never.
    public var freezeIdle: Duration?
    /// After how many seconds a worktree expires that does not say itself; nil for never.
    public var expiresIn: Int?
    /// The least severe messages that are written.
    public var logLevel: Logger.Level = .info
    /// What a delete and the reaper do about processes that are proven to have left a slice.
    var escapePolicy: EscapePolicy = .kill
    /// For how many seconds rows of ended sessions and receipts are kept.
    var retention = 7 * 86_400
    /// The machine's, for paths that name it.
    let machineID: String
    /// Where tests put checkpoints; see ``Checkpoint``.
    var checkpoints: String?

    /// The socket's path.
    public var socketPath: String { runtimeDirectory + "/corral.sock" }
    /// Where worktrees are made.
    var managedRoot: String { stateDirectory + "/worktrees" }

    /// Settles the directories for the calling user as the XDG base directory specification and file-hierarchy(7) say.
    /// - Parameters:
    ///   - stateDirectory: instead of `$XDG_STATE_HOME/corral/<machine-id>` or `/var/lib/corral/<machine-id>`.
    ///   - runtimeDirectory: instead of `$XDG_RUNTIME_DIR/corral` or `/run/corral`.
    /// - Throws: ``Failure`` when a variable that is needed is not set or a path is not absolute.
    public init(
        manager: ManagerKind = .ofCaller, stateDirectory: String? = nil, runtimeDirectory: String? = nil,
        environment: [String: String], machineID: String
    ) throws(Failure) {
        self.manager = manager
        self.environment = environment
        self.machineID = machineID
        // A variable that is empty counts as one that is not set, says the specification.
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        switch (stateDirectory, manager) {
        case (let chosen?, _): self.stateDirectory = chosen
        case (nil, .system): self.stateDirectory = "/var/lib/corral/" + machineID
        case (nil, .user):
            let base = variable("XDG_STATE_HOME") ?? variable("HOME").map { $0 + "/.local/state" }
            guard let base else {
                throw Failure(
                    description:
                        "find the state directory: neither XDG_STATE_HOME nor HOME is set; corral-host was not started")
            }
            self.stateDirectory = base + "/corral/" + machineID
        }
        let usual = manager == .system ? "/run/corral" : variable("XDG_RUNTIME_DIR").map { $0 + "/corral" }
        guard let chosen = runtimeDirectory ?? usual else {
            throw Failure(
                description:
                    "find the runtime directory: XDG_RUNTIME_DIR is not set; log in through systemd-logind or set it; corral-host was not started"
            )
        }
        self.runtimeDirectory = chosen
        claimDirectory = usual ?? chosen
        for path in [self.stateDirectory, self.runtimeDirectory] where !path.hasPrefix("/") {
            throw Failure(description: "use \(path): not an absolute path; corral-host was not started")
        }
        checkpoints = environment["CORRAL_TEST_CHECKPOINTS"]
    }

    /// Makes the directories, for this user only, and refuses those that belong to somebody else.
    /// - Throws: ``Failure`` naming the directory and the kernel's answer.
    func makeDirectories() throws(Failure) {
        for path in [stateDirectory, runtimeDirectory, claimDirectory, managedRoot] {
            do throws(SystemCallFailure) {
                try PrivateDirectory.make(path)
            } catch {
                throw Failure(description: "\(error); corral-host was not started")
            }
        }
    }
}
