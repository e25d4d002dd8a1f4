import Glibc

/// Limits as the kernel has them. systemd writes them; we only read (I6).
extension CgroupDirectory {
    /// What the kernel says of one limit.
    public enum LimitReading: Sendable, Equatable {
        /// In the unit that ``ResourceLimit`` names.
        case limited(to: UInt64)
        /// The controller is there and limits nothing; for a weight: it is the default.
        case unlimited
        /// The cgroup has no such file: its controller was not handed down to it.
        case noController
    }

    /// The controllers that this cgroup was given by its parent; nil once it is removed.
    ///
    /// Of the manager's own cgroup: those that its slices and scopes can have. systemd hands them further down by itself.
    public func controllers() throws(SystemCallFailure) -> Set<ResourceLimit.Controller>? {
        guard let bytes = try file("cgroup.controllers") else { return nil }
        let names = String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
        return Set(names.compactMap { ResourceLimit.Controller(rawValue: String($0)) })
    }

    /// Reads a limit; nil once the cgroup is removed.
    public func read(_ limit: ResourceLimit) throws(SystemCallFailure) -> LimitReading? {
        for name in limit.files {
            guard let bytes = try file(name) else { continue }
            guard let reading = LimitReading(limit, bytes) else {
                throw SystemCallFailure(call: "read", subject: "\(path)/\(name)", errno: EBADMSG)
            }
            return reading
        }
        return try isThere() ? .noController : nil
    }

    /// Limits of a set that the kernel does not have, each with what it has instead; nil while nothing runs in the cgroup, and once it is
    /// removed.
    ///
    /// A slice whose unit is not loaded can have an empty cgroup all the same: when something is set on such a unit, systemd makes the
    /// cgroup, writes the limits, forgets the unit and leaves the cgroup behind, from which controllers are then taken that no other
    /// unit needs. What it lacks, the slice gets when it starts. So first comes the look at who is in it: a cgroup with members
    /// belongs to a unit that has started.
    /// - SeeAlso: systemd v252 and v257 src/core/cgroup.c, `unit_realize_cgroup`; src/core/unit.c, `unit_free`
    public func missing(
        of wanted: ResourceLimitChange
    ) throws(SystemCallFailure) -> [(limit: ResourceLimit, reading: LimitReading)]? {
        guard try events()?.isPopulated == true else { return nil }
        var missing: [(limit: ResourceLimit, reading: LimitReading)] = []
        for limit in ResourceLimit.allCases {
            guard let value = wanted.values[limit] else { continue }
            guard let reading = try read(limit) else { return nil }
            if !reading.fulfils(value, of: limit) { missing.append((limit, reading)) }
        }
        return missing
    }
}

extension CgroupDirectory.LimitReading {
    /// Reads a limit's file; nil for what the kernel does not write.
    ///
    /// See: cgroup-v2.rst "memory.max", "cpu.max", "cpu.weight", "pids.max", "io.weight"
    init?(_ limit: ResourceLimit, _ bytes: [UInt8]) {
        let words = String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
        switch limit {
        case .memoryMax, .memoryHigh, .tasksMax:
            guard let first = words.first else { return nil }
            if first == "max" {
                self = .unlimited
            } else if let value = UInt64(first) {
                self = .limited(to: value)
            } else {
                return nil
            }
        case .cpuQuota:
            guard words.count >= 2, let period = UInt64(words[1]), period > 0 else { return nil }
            if words[0] == "max" {
                self = .unlimited
            } else if let quota = UInt64(words[0]), quota < UInt64.max / 1_000_000 {
                self = .limited(to: quota * 1_000_000 / period)
            } else {
                return nil
            }
        case .cpuWeight, .ioWeight:
            // `io.weight` begins with `default 100`, and may go on with devices.
            guard let value = words.lazy.compactMap({ UInt64($0) }).first else { return nil }
            self = value == ResourceLimit.standardWeight ? .unlimited : .limited(to: value)
        }
    }

    /// Whether the kernel has what was asked for; nil: that nothing is limited.
    func fulfils(_ wanted: UInt64?, of limit: ResourceLimit) -> Bool {
        switch (self, limit) {
        case (.limited(let value), .memoryMax), (.limited(let value), .memoryHigh):
            // The kernel counts whole pages.
            wanted.map { $0 / pageSize == value / pageSize } ?? false
        case (.limited(let value), .ioWeight): value == wanted || value == wanted.map(ResourceLimit.bfqWeight)
        case (.limited(let value), _): value == wanted
        case (.unlimited, .cpuWeight), (.unlimited, .ioWeight): wanted == nil || wanted == ResourceLimit.standardWeight
        case (.unlimited, _), (.noController, _): wanted == nil
        }
    }
}

private let pageSize = UInt64(max(1, sysconf(CInt(_SC_PAGESIZE))))

extension ResourceLimit {
    /// What everybody has. See: cgroup-v2.rst "cpu.weight", "io.weight"
    static let standardWeight: UInt64 = 100

    /// What systemd writes into `io.bfq.weight`, which ends at 1,000, for a weight that may be 10,000.
    /// - SeeAlso: systemd v252 src/core/cgroup.c, `BFQ_WEIGHT`
    static func bfqWeight(_ weight: UInt64) -> UInt64 {
        weight <= standardWeight ? weight : standardWeight + (weight - standardWeight) * 900 / 9_900
    }

    /// Where the kernel has it; the first that is there counts.
    fileprivate var files: [String] {
        switch self {
        case .memoryMax: ["memory.max"]
        case .memoryHigh: ["memory.high"]
        case .cpuQuota: ["cpu.max"]
        case .cpuWeight: ["cpu.weight"]
        case .tasksMax: ["pids.max"]
        // The second where the disks have the BFQ scheduler and the kernel was built without cost control.
        case .ioWeight: ["io.weight", "io.bfq.weight"]
        }
    }
}
