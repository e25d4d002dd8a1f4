/// Which Corral a unit belongs to: eight hexadecimal digits, kept in a plain file beside the index.
///
/// Nothing of Corral ever stops, signals or reaps a unit of another instance.
public struct InstanceID: Sendable, Hashable, CustomStringConvertible {
    /// Eight hexadecimal digits in lower case.
    public let rawValue: String

    /// Accepts eight hexadecimal digits in lower case, nothing else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 8,
            text.utf8.allSatisfy({ UnitNamePart.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) })
        else { return nil }
        rawValue = String(text)
    }

    /// Makes a new instance's id.
    public static func mint() -> InstanceID {
        let digits = Array("0123456789abcdef")
        return InstanceID(String((0..<8).map { _ in digits[Int.random(in: 0..<16)] }))!
    }

    /// The digits.
    public var description: String { rawValue }
}
