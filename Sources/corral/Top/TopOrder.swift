import ArgumentParser

/// By what the lines are sorted, the greatest first; names from A on.
enum TopOrder: String, CaseIterable, Sendable, ExpressibleByArgument {
    case cpu, memory, tasks, name

    /// The one after it, for a key that goes through all of them.
    var next: TopOrder {
        let all = Self.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }

    /// Whether one line comes before another. What is not known comes last, and lines that are alike go by their names.
    func isBefore(_ one: TopLine, _ other: TopLine) -> Bool {
        let difference: (Double?, Double?) =
            switch self {
            case .cpu: (one.cpu, other.cpu)
            case .memory: (one.memory.map(Double.init), other.memory.map(Double.init))
            case .tasks: (one.tasks.map(Double.init), other.tasks.map(Double.init))
            case .name: (nil, nil)
            }
        let (first, second) = (difference.0 ?? -1, difference.1 ?? -1)
        if first != second { return first > second }
        return (one.name, one.subject.id) < (other.name, other.subject.id)
    }
}
