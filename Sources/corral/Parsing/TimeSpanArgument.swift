import ArgumentParser

/// A span of time as it is typed: `90s`, `30m`, `1h30m`, `7d`, or `never`.
///
/// Not a number alone: systemd takes it for seconds, and who means seven days by 7 would have a workspace deleted in seven seconds.
struct TimeSpanArgument: ExpressibleByArgument, Equatable {
    /// The span; nil for `never`.
    let seconds: Int?

    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400]

    /// Reads a span of at least a second and at most ten years; nil for anything else.
    init?(argument: String) {
        if argument == "never" {
            seconds = nil
            return
        }
        var total = 0
        var rest = argument[...]
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count)
            guard digits.count <= 9, let number = Int(digits), let unit = rest.popFirst(), let size = Self.units[unit]
            else { return nil }
            total += number * size
        }
        guard (1...10 * 366 * 86_400).contains(total) else { return nil }
        seconds = total
    }
}
