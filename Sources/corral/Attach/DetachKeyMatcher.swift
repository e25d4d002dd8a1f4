/// Finds the detach keys in what is typed, and lets everything else through.
///
/// Bytes that could be the beginning of the keys are held back until the next ones tell; they are let through, in order,
/// as soon as they are not. The first key typed twice is typed once, and nothing is held back after it: so a program gets it, and what
/// is typed next. The keys are found however the reads split them. Programs can ask the terminal to send keys as
/// escape sequences; a key in that form is found too, if its sequence comes in one read. (An ESC that ends a read is the
/// Escape key and is not held back.) Within a paste that the terminal marks there are no keys, and none is found; one whose end
/// does not come, cut off by a connection or typed by hand, is over after a ``pause``.
///
/// See: kitty's keyboard protocol, `CSI code ; modifiers u`; xterm's modifyOtherKeys, `CSI 27 ; modifiers ; code ~`
struct DetachKeyMatcher {
    /// What a read amounts to.
    struct Result: Equatable {
        /// What to type into the session.
        var input: [UInt8]
        /// Whether the detach keys were completed. What was typed after them is dropped.
        var isDetached: Bool
    }

    /// A key, and the bytes that the terminal sent for it.
    private struct Token {
        var key: DetachKeys.Key?
        var bytes: ArraySlice<UInt8>
        /// Whether a key was let go: that neither goes on with the keys nor breaks them off.
        var isRelease = false
    }

    private let keys: [DetachKeys.Key]
    private var held: [Token] = []
    private var isPasting = false
    /// The last bytes, as many as a mark of a paste has.
    private var recent: [UInt8] = []

    /// A terminal writes a paste in one go: after so long without a byte what comes is typed.
    static let pause: Duration = .seconds(1)

    private static let pasteStart = Array("\u{1b}[200~".utf8)
    private static let pasteEnd = Array("\u{1b}[201~".utf8)

    /// Looks for these keys.
    init(_ keys: DetachKeys) {
        self.keys = keys.keys
    }

    /// Takes the bytes of one read.
    /// - Parameter idle: for how long it was waited for.
    mutating func read(_ bytes: [UInt8], after idle: Duration = .zero) -> Result {
        guard !keys.isEmpty else { return Result(input: bytes, isDetached: false) }
        if idle >= Self.pause { isPasting = false }
        var input: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let token = Self.token(at: rest)
            rest = rest.dropFirst(token.bytes.count)
            for byte in token.bytes { lookForPaste(byte) }
            if isPasting {
                input += held.flatMap(\.bytes) + token.bytes
                held = []
                continue
            }
            if isRepeat(token) {
                held = []
                input += token.bytes
                continue
            }
            held.append(token)
            while !couldBecomeKeys { input += held.removeFirst().bytes }
            if held.count(where: { !$0.isRelease }) == keys.count {
                held = []
                return Result(input: input, isDetached: true)
            }
        }
        return Result(input: input, isDetached: false)
    }

    /// Whether the first key is typed a second time, and nothing else is between.
    private func isRepeat(_ token: Token) -> Bool {
        keys.count > 1 && keys[1] != keys[0] && !token.isRelease && token.key == keys[0]
            && held.count(where: { !$0.isRelease }) == 1
    }

    /// A mark may be cut by the reads.
    private mutating func lookForPaste(_ byte: UInt8) {
        recent = recent.suffix(Self.pasteStart.count - 1) + [byte]
        if recent == Self.pasteStart { isPasting = true }
        if recent == Self.pasteEnd { isPasting = false }
    }

    private var couldBecomeKeys: Bool {
        held.first?.isRelease != true && zip(held.lazy.filter { !$0.isRelease }, keys).allSatisfy { $0.key == $1 }
    }

    private static func token(at bytes: ArraySlice<UInt8>) -> Token {
        sequence(at: bytes) ?? Token(key: bytes[bytes.startIndex], bytes: bytes.prefix(1))
    }

    /// A key that came as a whole escape sequence.
    private static func sequence(at bytes: ArraySlice<UInt8>) -> Token? {
        guard bytes.starts(with: [0x1b, UInt8(ascii: "[")]) else { return nil }
        let body = bytes.dropFirst(2)
        let parameters = body.prefix { (0x30...0x3f).contains($0) }
        guard parameters.count <= 32, let final = body.dropFirst(parameters.count).first else { return nil }
        // A parameter may have parts after a colon: the first is the code, or the modifiers.
        let text = String(decoding: parameters, as: UTF8.self)
        let fields = text.split(separator: ";" as Character, omittingEmptySubsequences: false).map { field in
            field.split(separator: ":" as Character, omittingEmptySubsequences: false).map { Int($0) }
        }
        let whole = bytes.prefix(2 + parameters.count + 1)
        switch (final, fields.count) {
        case (UInt8(ascii: "u"), 1...3):
            let modifiers = fields.count > 1 ? fields[1] : [1]
            // 3 is a key's release.
            if modifiers.count > 1, modifiers[1] == 3 { return Token(key: nil, bytes: whole, isRelease: true) }
            return Token(key: key(fields[0].first ?? nil, modifiers.first ?? nil), bytes: whole)
        case (UInt8(ascii: "~"), 3) where fields[0] == [27]:
            return Token(key: key(fields[2].first ?? nil, fields[1].first ?? nil), bytes: whole)
        default:
            return nil
        }
    }

    /// The byte that the key would have sent in the plain form, nil for one that has none.
    private static func key(_ code: Int?, _ modifiers: Int?) -> DetachKeys.Key? {
        guard let code, let byte = UInt8(exactly: code), byte < 0x80 else { return nil }
        // Modifiers are sent plus one; 64 and 128 are Caps Lock and Num Lock.
        let pressed = ((modifiers ?? 1) - 1) & ~(64 | 128)
        switch pressed {
        case 0: return byte
        // Control: what it makes of `@`, a letter, or one of `[ \ ] ^ _`.
        case 4 where (0x40...0x7e).contains(byte): return byte & 0x1f
        default: return nil
        }
    }
}
