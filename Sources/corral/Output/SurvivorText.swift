import HostProtocol

/// What is left of something that should have ended, in words.
enum SurvivorText {
    /// One line: `pid 4242 (cat), uninterruptible sleep (D) in nfs_wait, in corral.slice/…`.
    static func line(_ survivor: SurvivorDocument) -> String {
        var line = "pid \(survivor.pid) (\(Table.Cell(survivor.command).text)), \(state(survivor.state))"
        if let wchan = survivor.wchan, !wchan.isEmpty, wchan != "0" { line += " in \(wchan)" }
        if let cgroup = survivor.cgroup { line += ", cgroup \(cgroup)" }
        return line
    }

    /// The state's letter and its meaning. See: proc_pid_stat(5), field 3
    static func state(_ letter: String) -> String {
        switch letter {
        case "D": "uninterruptible sleep (D)"
        case "I": "idle kernel thread (I)"
        case "R": "running (R)"
        case "S": "sleeping (S)"
        case "T": "stopped (T)"
        case "t": "stopped by a tracer (t)"
        case "X": "dead (X)"
        case "Z": "zombie (Z)"
        default: "state \(Table.Cell(letter).text)"
        }
    }
}
