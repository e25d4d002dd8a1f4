/// The limits of one slice or scope. What is not in it is not limited there.
public struct ResourceLimits: Sendable, Equatable {
    /// Each in the unit that ``ResourceLimit`` names.
    public var values: [ResourceLimit: UInt64]

    /// Makes a set of limits; none unless told.
    public init(_ values: [ResourceLimit: UInt64] = [:]) { self.values = values }

    /// Whether nothing is limited.
    public var isEmpty: Bool { values.isEmpty }

    /// The controllers that must be there for these limits, in a fixed order.
    public var controllers: [ResourceLimit.Controller] {
        let needed = Set(values.keys.map(\.controller))
        return ResourceLimit.Controller.allCases.filter(needed.contains)
    }

    /// These limits after a change.
    public func applying(_ change: ResourceLimitChange) -> ResourceLimits {
        var changed = self
        for (limit, value) in change.values { changed.values[limit] = value }
        return changed
    }

    /// The change that leads from these limits to `other`.
    public func change(to other: ResourceLimits) -> ResourceLimitChange {
        var change = ResourceLimitChange()
        for limit in ResourceLimit.allCases where values[limit] != other.values[limit] {
            change.values.updateValue(other.values[limit], forKey: limit)
        }
        return change
    }

    /// One text, for a column: `memory_max=4294967296 tasks_max=512`, in a fixed order; empty for none.
    public var text: String {
        ResourceLimit.allCases.compactMap { limit in values[limit].map { "\(limit.rawValue)=\($0)" } }
            .joined(separator: " ")
    }

    /// Reads what ``text`` writes; nil for anything else.
    public init?(text: String) {
        self.init()
        for item in text.split(separator: " " as Character) {
            let parts = item.split(separator: "=" as Character, omittingEmptySubsequences: false)
            guard parts.count == 2, let limit = ResourceLimit(rawValue: String(parts[0])), let value = UInt64(parts[1]),
                values.updateValue(value, forKey: limit) == nil
            else { return nil }
        }
    }
}

/// Limits that are to be set, and limits that are to be lifted (nil). What is not in it stays as it is.
public struct ResourceLimitChange: Sendable, Equatable {
    /// Each in the unit that ``ResourceLimit`` names.
    public var values: [ResourceLimit: UInt64?]

    /// Makes a change; none unless told.
    public init(_ values: [ResourceLimit: UInt64?] = [:]) { self.values = values }

    /// Whether nothing is changed.
    public var isEmpty: Bool { values.isEmpty }

    /// What is to be set.
    public var set: ResourceLimits { ResourceLimits(values.compactMapValues { $0 }) }
}
