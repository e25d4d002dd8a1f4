import CgroupPty

/// Places the processes of one look. Many share a cgroup, and reading a path's names costs more than finding it again.
struct CgroupPlaces {
    private let ground: CgroupPath
    private let instance: InstanceID
    private var known: [CgroupPath: CgroupPlace] = [:]

    /// Places what lies below the manager's cgroup for one instance.
    init(below ground: CgroupPath, of instance: InstanceID) {
        self.ground = ground
        self.instance = instance
    }

    /// The place of a cgroup.
    subscript(path: CgroupPath) -> CgroupPlace {
        mutating get {
            if let place = known[path] { return place }
            let place = CgroupPlace(path, below: ground, of: instance)
            known[path] = place
            return place
        }
    }
}
