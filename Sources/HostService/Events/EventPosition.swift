/// From where a client follows the events.
enum EventPosition: Sendable, Equatable, LosslessStringConvertible {
    /// From the oldest event that is held.
    case oldest
    /// From the event after this one of that run of the host.
    case after(epoch: String, UInt64)

    /// Reads `oldest` or an event's id, `<epoch>-<n>`; nil for anything else.
    init?(_ text: String) {
        if text == "oldest" {
            self = .oldest
            return
        }
        let parts = text.split(separator: "-" as Character, omittingEmptySubsequences: false)
        guard parts.count == 2, (1...16).contains(parts[0].utf8.count), (1...20).contains(parts[1].utf8.count),
            parts[0].utf8.allSatisfy({ Self.digits.contains($0) || Self.letters.contains($0) }),
            parts[1].utf8.allSatisfy(Self.digits.contains), let number = UInt64(parts[1])
        else { return nil }
        self = .after(epoch: String(parts[0]), number)
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    private static let letters = UInt8(ascii: "a")...UInt8(ascii: "f")

    /// The text that the position is read from.
    var description: String {
        switch self {
        case .oldest: "oldest"
        case .after(let epoch, let number): "\(epoch)-\(number)"
        }
    }
}
