import ArgumentParser

/// The keys that detach, in the order in which they are pressed.
///
/// Typed as keys with commas between them: `ctrl-p,ctrl-q`, `^]`, `esc,d`. `none` means that no keys detach.
struct DetachKeys: ExpressibleByArgument, Equatable, Sendable {
    /// A key as the byte that a terminal sends for it.
    typealias Key = UInt8

    /// The keys; empty when none detach.
    let keys: [Key]

    /// Ctrl-\ d: no shell or editor has a use for Ctrl-\ but to quit.
    static let standard = DetachKeys(keys: [0x1c, UInt8(ascii: "d")])

    private static let names: [(name: String, key: Key)] = [
        ("space", 0x20), ("comma", 0x2c), ("tab", 0x09), ("enter", 0x0d), ("esc", 0x1b), ("backspace", 0x7f),
    ]

    /// Takes keys as they are.
    init(keys: [Key]) {
        self.keys = keys
    }

    /// Reads the keys as they are typed; nil for what names no key, and for more than eight keys.
    init?(argument: String) {
        if argument == "none" {
            keys = []
            return
        }
        let parts = argument.split(separator: "," as Character, omittingEmptySubsequences: false)
        var keys: [Key] = []
        for part in parts {
            guard let key = Self.key(String(part)) else { return nil }
            keys.append(key)
        }
        guard keys.count <= 8 else { return nil }
        self.keys = keys
    }

    /// The keys as people write them: `Ctrl-\ d`.
    var description: String {
        keys.map(Self.describe).joined(separator: " ")
    }

    private static func key(_ text: String) -> Key? {
        let lower = text.lowercased()
        if let named = names.first(where: { $0.name == lower }) { return named.key }
        for prefix in ["ctrl-", "c-", "^"] where lower.hasPrefix(prefix) && lower.count > prefix.count {
            return control(lower.dropFirst(prefix.count))
        }
        guard text.utf8.count == 1, let byte = text.utf8.first, (0x21...0x7e).contains(byte) else { return nil }
        return byte
    }

    /// What Ctrl makes of a key: `@`, a letter, or one of `[ \ ] ^ _`.
    private static func control(_ text: Substring) -> Key? {
        guard text.utf8.count == 1, let byte = text.uppercased().utf8.first, (0x40...0x5f).contains(byte) else {
            return nil
        }
        return byte & 0x1f
    }

    private static func describe(_ key: Key) -> String {
        if let named = names.first(where: { $0.key == key }) {
            return named.name.prefix(1).uppercased() + named.name.dropFirst()
        }
        guard key < 0x20 else { return String(decoding: [key], as: UTF8.self) }
        return "Ctrl-" + String(decoding: [key | 0x40], as: UTF8.self).lowercased()
    }
}
