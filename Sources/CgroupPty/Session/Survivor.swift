/// A process that was still there after everything had been tried, as procfs shows it. To be reported, not to be signalled.
public struct Survivor: Sendable, Equatable {
    /// The number.
    public let pid: ProcessID
    /// Its command's name.
    public let command: String
    /// The letter of `/proc/PID/stat`.
    public let state: Character
    /// The kernel function that it waits in.
    public let waitChannel: String?
    /// Where it is.
    public let cgroup: String?

    /// Describes a process now; nil when it is gone.
    public init?(_ pid: ProcessID, in procfs: Procfs) {
        do throws(SystemCallFailure) {
            guard let stat = try procfs.stat(pid) else { return nil }
            self.pid = pid
            command = stat.command
            state = stat.state
            waitChannel = procfs.waitChannel(pid)
            if case .path(let path) = try procfs.cgroup(pid) { cgroup = "\(path)" } else { cgroup = nil }
        } catch {
            return nil
        }
    }

    /// The first five in words, for a message: `4711 sleep (D), …`.
    public static func list(_ survivors: [Survivor]) -> String {
        survivors.prefix(5).map { "\($0.pid) \($0.command) (\($0.state))" }.joined(separator: ", ")
    }
}
