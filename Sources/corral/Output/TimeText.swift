import FoundationEssentials
import Glibc
import HostProtocol

/// Moments as people read them.
struct TimeText: Sendable {
    /// What "ago" counts from.
    let now: Date
    /// Seconds that local time is ahead of UTC at a moment.
    let offset: @Sendable (Date) -> Int

    /// Local time, as the system and `TZ` have it.
    static var local: TimeText {
        TimeText(now: Date()) { date in
            var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
            var parts = tm()
            localtime_r(&seconds, &parts)
            return parts.tm_gmtoff
        }
    }

    /// Short and relative, for tables: `12s ago`, `5m ago`, `3h ago`, `8d ago`; nil stays nil.
    func ago(_ moment: Timestamp?) -> String? {
        moment.map { ago($0) }
    }

    /// Short and relative, for tables.
    func ago(_ moment: Timestamp) -> String {
        let seconds = Int(max(0, min(now.timeIntervalSince(moment.date), 1e12)))
        return switch seconds {
        case ..<60: "\(seconds)s ago"
        case ..<3600: "\(seconds / 60)m ago"
        case ..<86_400: "\(seconds / 3600)h ago"
        default: "\(seconds / 86_400)d ago"
        }
    }

    /// A span of time in its two largest units: `45s`, `30m`, `1h 30m`, `7d`.
    static func span(_ seconds: Int) -> String {
        var rest = seconds
        var parts: [String] = []
        for (size, unit) in [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")] {
            if rest >= size { parts.append("\(rest / size)\(unit)") }
            rest %= size
        }
        return parts.isEmpty ? "0s" : parts.prefix(2).joined(separator: " ")
    }

    /// Local date and time to the second: `2026-11-22 21:02:58`.
    func full(_ moment: Timestamp) -> String {
        let shifted = moment.date.addingTimeInterval(Double(offset(moment.date)))
        let text = shifted.formatted(Date.ISO8601FormatStyle(dateTimeSeparator: .space))
        return String(text.prefix { $0 != "Z" })
    }

    /// Local time of day to the second: `21:02:58`.
    func clock(_ moment: Timestamp) -> String { String(full(moment).suffix(8)) }

    /// Both, for a single thing: `2026-11-22 21:02:58 (5m ago)`.
    func both(_ moment: Timestamp) -> String {
        "\(full(moment)) (\(ago(moment)))"
    }
}
