import CgroupPty

/// Reads limits as people write them, in systemd's syntax: `4G`, `200%`, `512`, `infinity`.
///
/// See: systemd.resource-control(5); systemd.syntax(7)
enum LimitReader {
    /// What a limit may be, in its own unit.
    ///
    /// Memory: less than a mebibyte cannot start a shell, and 2^60 bytes are more than any machine has. Processors: the kernel gives
    /// out no less than a millisecond in a tenth of a second, and 10,000 of them are beyond its largest build. Tasks: what the kernel
    /// has numbers for. Weights: what cgroup v2 knows.
    static func bounds(of limit: ResourceLimit) -> ClosedRange<UInt64> {
        switch limit {
        case .memoryMax, .memoryHigh: (1 << 20)...(1 << 60)
        case .cpuQuota: 10_000...10_000_000_000
        case .tasksMax: 1...4_194_304
        case .cpuWeight, .ioWeight: 1...10_000
        }
    }

    /// Reads a value.
    /// - Returns: The value in the limit's own unit; nil in the success: the limit is lifted. A failure says what is taken.
    static func read(_ text: String, as limit: ResourceLimit) -> Result<UInt64?, Refusal> {
        switch limit {
        case .cpuWeight, .ioWeight:
            if text == "default" { return .success(nil) }
        default:
            if text == "infinity" { return .success(nil) }
        }
        let value: UInt64? =
            switch limit {
            case .memoryMax, .memoryHigh: bytes(text)
            case .cpuQuota: share(text)
            case .tasksMax, .cpuWeight, .ioWeight: whole(text)
            }
        guard let value, bounds(of: limit).contains(value) else {
            return .failure(Refusal(description: "is \"\(text.prefix(64))\"; \(wanted(limit))"))
        }
        return .success(value)
    }

    /// Why a value is not taken, for behind the name of its field.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    private static func wanted(_ limit: ResourceLimit) -> String {
        switch limit {
        case .memoryMax, .memoryHigh: "a size is wanted, from 1M on, such as 512M, 4G or 1.5G, or infinity"
        case .cpuQuota: "per cent of one processor are wanted, from 1% on, such as 50% or 200%, or infinity"
        case .tasksMax: "a number from 1 to 4194304 is wanted, or infinity"
        case .cpuWeight, .ioWeight: "a number from 1 to 10000 is wanted, or default"
        }
    }

    /// Writes a value so that it is read again; nil for a limit that is lifted.
    static func text(_ value: UInt64?, as limit: ResourceLimit) -> String {
        switch limit {
        case .memoryMax, .memoryHigh: value.map { text(ofBytes: $0) } ?? "infinity"
        case .cpuQuota:
            value.map { quota in
                let hundredths = quota / 100 % 100
                let fraction = hundredths == 0 ? "" : hundredths < 10 ? ".0\(hundredths)" : ".\(hundredths)"
                return "\(quota / 10_000)\(fraction)%"
            } ?? "infinity"
        case .tasksMax: value.map { "\($0)" } ?? "infinity"
        case .cpuWeight, .ioWeight: value.map { "\($0)" } ?? "default"
        }
    }

    /// Writes bytes with the largest suffix that leaves a whole number.
    static func text(ofBytes bytes: UInt64) -> String {
        var (number, suffix) = (bytes, "")
        for next in ["K", "M", "G", "T", "P"] where number > 0 && number % 1024 == 0 {
            (number, suffix) = (number / 1024, next)
        }
        return "\(number)\(suffix)"
    }

    /// Bytes with the suffixes to the base 1024. As in systemd, a fraction is cut to whole bytes.
    static func bytes(_ text: String) -> UInt64? {
        let suffixes: [Character: UInt64] = [
            "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50,
        ]
        guard let last = text.last else { return nil }
        guard let factor = suffixes[last] else { return whole(text) }
        return decimal(text.dropLast(), places: 9, times: factor)
    }

    /// Per cent of one processor, to the hundredth, as microseconds a second.
    private static func share(_ text: String) -> UInt64? {
        decimal(text.hasSuffix("%") ? text.dropLast() : text[...], places: 2, times: 10_000)
    }

    /// A whole number without a sign.
    static func whole(_ text: String) -> UInt64? { decimal(text[...], places: 0, times: 1) }

    /// A number without sign or exponent, with at most so many places behind the point, times a factor, without rounding errors.
    private static func decimal(_ text: Substring, places: Int, times factor: UInt64) -> UInt64? {
        let parts = text.split(separator: "." as Character, maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let high = digits(first) else { return nil }
        let (product, isTooLarge) = high.multipliedReportingOverflow(by: factor)
        guard !isTooLarge else { return nil }
        guard parts.count == 2 else { return product }
        guard (1...max(1, places)).contains(parts[1].utf8.count), places > 0, let low = digits(parts[1]) else {
            return nil
        }
        let scale = (0..<parts[1].utf8.count).reduce(1 as UInt64) { scale, _ in scale * 10 }
        let share = low.multipliedFullWidth(by: factor)
        let (sum, overflows) = product.addingReportingOverflow(scale.dividingFullWidth(share).quotient)
        return overflows ? nil : sum
    }

    private static func digits(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return UInt64(text)
    }
}

extension ResourceLimit {
    /// As systemd calls it in a unit, and Corral in its configuration.
    ///
    /// See: systemd.resource-control(5)
    var keyName: String {
        switch self {
        case .memoryMax: "MemoryMax"
        case .memoryHigh: "MemoryHigh"
        case .cpuQuota: "CPUQuota"
        case .cpuWeight: "CPUWeight"
        case .tasksMax: "TasksMax"
        case .ioWeight: "IOWeight"
        }
    }

    /// As it is called behind an option of the command line.
    var optionName: String { rawValue.replacing("_", with: "-") }
}
