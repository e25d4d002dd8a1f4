/// A set of characters, as a pattern names it.
struct ScalarSet: Sendable {
    /// A part of a set.
    enum Part: Sendable {
        case range(ClosedRange<UInt32>)
        case digits, letters, words, spaces, upper, lower, punctuation
        case not(WordClass)
    }

    /// A class that can be turned round within a set: `\D`, `\W`, `\S`.
    enum WordClass: Sendable {
        case digits, words, spaces
    }

    var parts: [Part] = []
    var isNegated = false
    /// Whether a letter stands for both of its cases.
    var ignoresCase = false

    /// Every character.
    static let all = ScalarSet(parts: [.range(0...0x10ffff)])

    /// Whether a character is in it.
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        if holds(scalar) { return !isNegated }
        if ignoresCase, Self.otherCases(of: scalar).contains(where: holds) { return !isNegated }
        return isNegated
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        for part in parts {
            switch part {
            case .range(let range): if range.contains(scalar.value) { return true }
            case .digits: if Self.isDigit(scalar) { return true }
            case .letters: if scalar.properties.isAlphabetic { return true }
            case .words: if Self.isWord(scalar) { return true }
            case .spaces: if scalar.properties.isWhitespace { return true }
            case .upper: if scalar.properties.isUppercase { return true }
            case .lower: if scalar.properties.isLowercase { return true }
            case .punctuation: if Self.isPunctuation(scalar) { return true }
            case .not(.digits): if !Self.isDigit(scalar) { return true }
            case .not(.words): if !Self.isWord(scalar) { return true }
            case .not(.spaces): if !scalar.properties.isWhitespace { return true }
            }
        }
        return false
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && ("!"..."~").contains(scalar) && !("0"..."9").contains(scalar)
            && !scalar.properties.isAlphabetic
    }

    /// Whether a character belongs to a word, as `\w` and `\b` have it.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return isDigit(scalar) || scalar == "_" || scalar.properties.isAlphabetic }
        return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    private static func otherCases(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].compactMap {
            $0.unicodeScalars.count == 1 ? $0.unicodeScalars.first : nil
        }
    }
}
