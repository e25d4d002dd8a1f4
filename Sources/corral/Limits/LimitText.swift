import FoundationEssentials
import HostProtocol

/// Limits as people read them.
enum LimitText {
    /// A line a limit: what is wanted, and what the kernel has.
    static func table(_ limits: LimitsDocument, _ inForce: LimitsDocument?, _ style: TextStyle) -> String {
        var table = Table("LIMIT", "WANTED", "IN FORCE")
        for (name, value) in words(limits) {
            let found = inForce.flatMap { inForce in words(inForce).first { $0.name == name }?.value }
            table.append(Table.Cell(name), Table.Cell(value), Table.Cell(found))
        }
        return table.text(style)
    }

    /// All limits that are set, for one line; nil when none is.
    static func line(_ limits: LimitsDocument) -> String? {
        let set = words(limits).compactMap { name, value in value.map { "\(name) \($0)" } }
        return set.isEmpty ? nil : set.joined(separator: ", ")
    }

    private static func words(_ limits: LimitsDocument) -> [(name: String, value: String?)] {
        [
            ("memory-max", limits.memoryMax.map { bytes($0) }), ("memory-high", limits.memoryHigh.map { bytes($0) }),
            ("cpu-quota", limits.cpuQuota.map { percent($0) }), ("cpu-weight", limits.cpuWeight.map { "\($0)" }),
            ("tasks-max", limits.tasksMax.map { "\($0)" }), ("io-weight", limits.ioWeight.map { "\($0)" }),
        ]
    }

    /// A size with one digit behind the point where it is not a whole one: `4G`, `1.5G`, `812K`.
    static func bytes(_ count: Int64) -> String {
        let units: [(String, Int64)] = [("P", 1 << 50), ("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)]
        guard let (name, size) = units.first(where: { count >= $0.1 }) else { return "\(count)B" }
        let tenths = count / size * 10 + (count % size) * 10 / size
        return tenths % 10 == 0 ? "\(tenths / 10)\(name)" : "\(tenths / 10).\(tenths % 10)\(name)"
    }

    /// A share of one processor.
    static func percent(_ share: Double) -> String {
        Int(exactly: share).map { "\($0)%" } ?? "\(share)%"
    }
}
