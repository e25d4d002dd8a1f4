import CgroupPty
import HostProtocol

extension LimitsDocument {
    /// What clients see of limits.
    init(_ limits: ResourceLimits) {
        func whole(_ limit: ResourceLimit) -> Int64? { limits.values[limit].map { Int64(clamping: $0) } }
        self.init(
            memoryMax: whole(.memoryMax), memoryHigh: whole(.memoryHigh),
            cpuQuota: limits.values[.cpuQuota].map { Double($0) / 10_000 }, cpuWeight: whole(.cpuWeight),
            tasksMax: whole(.tasksMax), ioWeight: whole(.ioWeight))
    }

    /// What the kernel has of limits at a place; nil where nothing is to be limited, or nothing runs, or it cannot be read.
    init?(inForce limits: ResourceLimits, at path: CgroupPath?, ground: CgroupGround) {
        guard !limits.isEmpty, let path, case .found(let cgroup) = ground.look(path) else { return nil }
        var found = ResourceLimits()
        do throws(SystemCallFailure) {
            guard try cgroup.events()?.isPopulated == true else { return nil }
            for limit in limits.values.keys {
                guard let reading = try cgroup.read(limit) else { return nil }
                if case .limited(let value) = reading { found.values[limit] = value }
            }
        } catch {
            return nil
        }
        self.init(found)
    }
}

extension LimitsRequest {
    /// The fields by the limits that they mean.
    private var fields: [(ResourceLimit, LimitValue?)] {
        [
            (.memoryMax, memoryMax), (.memoryHigh, memoryHigh), (.cpuQuota, cpuQuota), (.cpuWeight, cpuWeight),
            (.tasksMax, tasksMax), (.ioWeight, ioWeight),
        ]
    }

    /// Reads what the request asks for.
    /// - Throws: ``HostFailure/invalidRequest(_:)``, which names the field and what is taken.
    func change() throws(HostFailure) -> ResourceLimitChange {
        var change = ResourceLimitChange()
        for case (let limit, let value?) in fields {
            switch LimitReader.read(value.text, as: limit) {
            case .success(let number): change.values.updateValue(number, forKey: limit)
            case .failure(let refusal):
                throw .invalidRequest("body: `limits.\(limit.rawValue)` \(refusal); nothing was done")
            }
        }
        return change
    }
}
