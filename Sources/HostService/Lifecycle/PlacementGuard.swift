import CgroupPty

/// Refuses to run below a slice of Corral: a host or reaper inside a workspace would end itself with it.
enum PlacementGuard {
    /// Why the start is refused, nil when the place is fine.
    static func refusal(program: String, procfs: Procfs, own pid: ProcessID) throws(SystemCallFailure) -> String? {
        guard case .path(let path) = try procfs.cgroup(pid) else { return nil }
        guard
            let slice = path.components.first(where: {
                $0.hasPrefix("corral-") && $0.hasSuffix(".slice") || $0 == "corral.slice"
            })
        else { return nil }
        return
            "start \(program): it runs in \(path), below \(slice), and would be ended with a workspace; start it from a shell outside of Corral's sessions, or as a service"
    }
}
