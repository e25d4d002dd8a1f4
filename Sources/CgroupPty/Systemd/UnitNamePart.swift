/// The text that an id may consist of, so that it can stand between two `-` of a unit's name.
///
/// A unit's name is authority: the environment and the extended attributes of a cgroup can be forged by any process, the
/// name of the scope that it sits in cannot. A `-` in a slice's name makes a level, so ids hold none.
///
/// See: systemd.unit(5), systemd.slice(5)
enum UnitNamePart {
    /// Whether the byte is an ASCII digit.
    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Whether the text is `[a-z0-9]{4,32}`.
    static func isValid(_ text: some StringProtocol) -> Bool {
        (4...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }

    /// What stands between `corral-` and the suffix, at each `-`; empty for a name that does not begin and end so. By bytes: units and
    /// cgroups are many, and a combining mark makes one Character with the `-` before it.
    static func split<Text: StringProtocol>(_ unit: Text, suffix: StaticString) -> [Text.SubSequence] {
        let prefix = "corral-".utf8
        let suffix = suffix.withUTF8Buffer { Array($0) }
        let all = unit.utf8
        guard all.count >= prefix.count + suffix.count, all.starts(with: prefix),
            all.suffix(suffix.count).elementsEqual(suffix)
        else { return [] }
        let begin = all.index(all.startIndex, offsetBy: prefix.count)
        let end = all.index(all.endIndex, offsetBy: -suffix.count)
        return all[begin..<end].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            .map { unit[$0.startIndex..<$0.endIndex] }
    }

    /// A prefix and nine random characters.
    static func mint(_ prefix: String) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return prefix + String((0..<9).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] })
    }
}
