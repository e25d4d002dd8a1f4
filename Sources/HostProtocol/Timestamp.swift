public import FoundationEssentials

/// A moment in UTC, written as RFC 3339 with milliseconds: `2026-11-22T21:02:58.123Z`.
public struct Timestamp: Codable, Sendable, Hashable, CustomStringConvertible {
    /// The moment.
    public let date: Date

    /// Wraps a moment, rounded to the millisecond: the text form cuts, and would lose one on each way.
    public init(_ date: Date) {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        self.date = Date(timeIntervalSince1970: (milliseconds + 0.25) / 1000)
    }

    /// The text that goes over the wire.
    public var description: String {
        date.formatted(Self.style)
    }

    /// Reads the text form, with or without a fraction of a second.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        for style in [Self.style, Date.ISO8601FormatStyle()] {
            do {
                self.init(try style.parse(text))
                return
            } catch {
                // The other form, or none.
            }
        }
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not an RFC 3339 time")
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
