/// A time span as systemd writes it: `90s`, `5min`, `1h 30min`. A number alone is seconds.
///
/// See: systemd.time(7) "Parsing Time Spans"
enum TimeSpanText {
    private static let units: [(names: Set<String>, seconds: Int)] = [
        (["w", "week", "weeks"], 7 * 86_400), (["d", "day", "days"], 86_400),
        (["h", "hr", "hour", "hours"], 3600), (["min", "m", "minute", "minutes"], 60),
        (["s", "sec", "second", "seconds"], 1),
    ]

    /// Reads whole seconds; nil for anything else, and for more than any computer will run.
    static func seconds(_ text: String) -> Int? {
        var total = 0
        var rest = text[...]
        repeat {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let name = rest.prefix { ("a"..."z").contains($0) }
            rest = rest.dropFirst(name.count).drop { $0 == " " }
            // Without a unit it is seconds, and nothing else stands there.
            let unit =
                name.isEmpty
                ? (digits.count == text.count ? 1 : nil) : units.first { $0.names.contains(String(name)) }?.seconds
            guard digits.count <= 10, let number = Int(digits), let unit else { return nil }
            total += number * unit
            // However many terms there are.
            guard total < 1 << 56 else { return nil }
        } while !rest.isEmpty
        return total
    }

    /// Writes whole seconds so that they are read again.
    static func text(_ seconds: Int) -> String {
        var rest = seconds
        var parts: [String] = []
        for (size, name) in [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")] where rest >= size {
            parts.append("\(rest / size)\(name)")
            rest %= size
        }
        return parts.isEmpty ? "0s" : parts.joined(separator: " ")
    }

    /// Writes a duration of whole seconds.
    static func text(_ duration: Duration) -> String { text(Int(duration.components.seconds)) }

    /// Writes a span, or that it never ends.
    static func text(_ seconds: Int?) -> String { seconds.map { text($0) } ?? "infinity" }

    /// Writes a duration, or that it never ends.
    static func text(_ duration: Duration?) -> String { duration.map { text($0) } ?? "infinity" }
}
