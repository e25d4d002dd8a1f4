/// A session's id: `[a-z0-9]{4,32}`.
public struct SessionID: Sendable, Hashable, CustomStringConvertible {
    /// The text.
    public let rawValue: String

    /// Accepts `[a-z0-9]{4,32}`, nothing else.
    public init?(_ text: some StringProtocol) {
        guard UnitNamePart.isValid(text) else { return nil }
        rawValue = String(text)
    }

    /// Makes a new id: `s` and nine characters.
    public static func mint() -> SessionID { SessionID(UnitNamePart.mint("s"))! }

    /// The text.
    public var description: String { rawValue }
}
