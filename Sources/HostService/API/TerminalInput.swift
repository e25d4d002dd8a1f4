/// What is to be written to a session's terminal.
struct TerminalInput: Sendable, Equatable {
    var bytes: [UInt8]
    /// Whether the bytes are a text that goes as a paste where the application wants to know.
    var isPaste = false
    /// Whether the Enter key follows, as a write of its own.
    var withEnter = false

    private static let pasteStart = Array("\u{1b}[200~".utf8)
    private static let pasteEnd = Array("\u{1b}[201~".utf8)
    private static let enter: [UInt8] = [0x0d]

    /// The writes that it makes.
    /// - Parameter marksPaste: whether the application has asked for pastes to be marked.
    func writes(marksPaste: Bool) -> [[UInt8]] {
        var text = bytes
        if isPaste, marksPaste, !text.isEmpty { text = Self.pasteStart + Self.harmless(text) + Self.pasteEnd }
        return (text.isEmpty ? [] : [text]) + (withEnter ? [Self.enter] : [])
    }

    /// A text without what would end the paste: what came after it would be typed, also as commands.
    static func harmless(_ text: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        kept.reserveCapacity(text.count)
        for byte in text {
            kept.append(byte)
            // Also one that only comes about by taking another away.
            if byte == UInt8(ascii: "~"), kept.suffix(pasteEnd.count).elementsEqual(pasteEnd) {
                kept.removeLast(pasteEnd.count)
            }
        }
        return kept
    }
}
