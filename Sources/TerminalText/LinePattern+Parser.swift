extension LinePattern {
    /// Reads a pattern into a tree.
    struct Parser {
        private let scalars: [Unicode.Scalar]
        private var index = 0
        private var depth = 0
        private var ignoresCase = false

        /// Begins to read.
        init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

        /// Reads all of it.
        mutating func parse() throws(Refusal) -> Tree {
            if scalars.starts(with: "(?i)".unicodeScalars) {
                ignoresCase = true
                index = 4
            }
            let tree = try choice()
            if index < scalars.count { throw refused("has a `)` that closes nothing") }
            return tree
        }

        private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

        private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
            guard next == scalar else { return false }
            index += 1
            return true
        }

        private func refused(_ what: String) -> Refusal { Refusal(description: "\(what) (at character \(index + 1))") }

        private func one(_ parts: [ScalarSet.Part], isNegated: Bool = false) -> Tree {
            .one(ScalarSet(parts: parts, isNegated: isNegated, ignoresCase: ignoresCase))
        }

        private func one(_ scalar: Unicode.Scalar) -> Tree { one([.range(scalar.value...scalar.value)]) }

        // MARK: Structure

        private mutating func choice() throws(Refusal) -> Tree {
            var ways = [try sequence()]
            while skip("|") { ways.append(try sequence()) }
            return ways.count == 1 ? ways[0] : .choice(ways)
        }

        private mutating func sequence() throws(Refusal) -> Tree {
            var parts: [Tree] = []
            while let scalar = next, scalar != "|", scalar != ")" {
                let part = try item()
                parts.append(try repetition(of: part))
            }
            return parts.isEmpty ? .nothing : .sequence(parts)
        }

        private mutating func item() throws(Refusal) -> Tree {
            guard let scalar = next else { return .nothing }
            switch scalar {
            case "(": return try group()
            case "[": return try bracket()
            case "*", "+", "?": throw refused("has a `\(scalar)` with nothing before it to repeat")
            default: index += 1
            }
            switch scalar {
            case ".": return .one(.all)
            case "^": return .place(.lineStart)
            case "$": return .place(.lineEnd)
            case "\\": return try escape()
            default: return one(scalar)
            }
        }

        private mutating func group() throws(Refusal) -> Tree {
            index += 1
            depth += 1
            guard depth <= LinePattern.depthLimit else {
                throw refused("has more than \(LinePattern.depthLimit) groups in each other")
            }
            if skip("?"), !skip(":") {
                throw refused(
                    "has a group with `(?`: `(?:…)` is known, and `(?i)` at the beginning; looking around is not")
            }
            let tree = try choice()
            guard skip(")") else { throw refused("has a `(` that is not closed") }
            depth -= 1
            return tree
        }

        private mutating func repetition(of part: Tree) throws(Refusal) -> Tree {
            let bounds: (least: Int, most: Int?)
            switch next {
            case "*": bounds = (0, nil)
            case "+": bounds = (1, nil)
            case "?": bounds = (0, 1)
            case "{":
                guard let counts = try counts() else { return part }
                return try repeated(part, counts)
            default: return part
            }
            index += 1
            return try repeated(part, bounds)
        }

        private mutating func repeated(_ part: Tree, _ bounds: (least: Int, most: Int?)) throws(Refusal) -> Tree {
            // As few as possible or as many: whether there is a match at all does not depend on it.
            _ = skip("?")
            if let scalar = next, "*+?".unicodeScalars.contains(scalar) {
                throw refused("has a `\(scalar)` that repeats a repetition")
            }
            return .repeated(part, atLeast: bounds.least, atMost: bounds.most)
        }

        /// Reads `{2}`, `{2,}`, `{,5}` or `{2,5}`; nil for a brace that is one, which is left there.
        private mutating func counts() throws(Refusal) -> (least: Int, most: Int?)? {
            let start = index
            index += 1
            let least = number()
            let isRange = skip(",")
            let most = isRange ? number() : least
            guard skip("}"), least != nil || most != nil else {
                index = start
                return nil
            }
            for count in [least, most].compactMap({ $0 }) where count > LinePattern.countLimit {
                throw refused("repeats something \(count) times; \(LinePattern.countLimit) is the most")
            }
            if let least, let most, least > most {
                throw refused("repeats something at least \(least) and at most \(most) times")
            }
            return (least ?? 0, most)
        }

        private mutating func number() -> Int? {
            var value: Int?
            while let scalar = next, ("0"..."9").contains(scalar) {
                value = min((value ?? 0) * 10 + Int(scalar.value - 48), 1_000_000)
                index += 1
            }
            return value
        }

        // MARK: Characters

        private mutating func escape() throws(Refusal) -> Tree {
            guard let scalar = next else { throw refused("ends with a backslash") }
            switch scalar {
            case "b", "B":
                index += 1
                return .place(scalar == "b" ? .wordEdge : .noWordEdge)
            case "1"..."9": throw refused("refers to a group by `\\\(scalar)`, which is not known here")
            default:
                let part = try escapedPart()
                return one([part])
            }
        }

        /// Reads what follows a backslash, in a set or outside of one.
        private mutating func escapedPart() throws(Refusal) -> ScalarSet.Part {
            guard let scalar = next else { throw refused("ends with a backslash") }
            index += 1
            switch scalar {
            case "d": return .digits
            case "D": return .not(.digits)
            case "w": return .words
            case "W": return .not(.words)
            case "s": return .spaces
            case "S": return .not(.spaces)
            case "t": return .range(9...9)
            case "x": return try hexadecimal()
            case "a"..."z", "A"..."Z", "0"..."9":
                index -= 1
                throw refused("has a `\\\(scalar)`, which is not known here")
            default: return .range(scalar.value...scalar.value)
            }
        }

        /// Reads `41` or `{1f600}` after `\x`.
        private mutating func hexadecimal() throws(Refusal) -> ScalarSet.Part {
            let isLong = skip("{")
            var value: UInt32 = 0
            var count = 0
            while let scalar = next, let digit = Character(scalar).hexDigitValue, count < (isLong ? 6 : 2) {
                value = value << 4 | UInt32(digit)
                count += 1
                index += 1
            }
            guard isLong ? count > 0 && skip("}") : count == 2, Unicode.Scalar(value) != nil else {
                throw refused("has a `\\x` without a character's number: `\\x41` or `\\x{1f600}`")
            }
            return .range(value...value)
        }

        // MARK: Sets

        private mutating func bracket() throws(Refusal) -> Tree {
            index += 1
            let isNegated = skip("^")
            var parts: [ScalarSet.Part] = []
            // A `]` that comes first is one.
            repeat {
                guard next != nil else { throw refused("has a `[` that is not closed") }
                parts.append(try bracketPart())
            } while !skip("]")
            return one(parts, isNegated: isNegated)
        }

        private mutating func bracketPart() throws(Refusal) -> ScalarSet.Part {
            if next == "[", index + 1 < scalars.count, scalars[index + 1] == ":" { return try namedClass() }
            let first = try bracketEnd()
            guard case .range(let low) = first, next == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
                return first
            }
            index += 1
            guard case .range(let high) = try bracketEnd(), low.lowerBound <= high.upperBound else {
                throw refused("has a range in `[…]` that has no beginning or no end")
            }
            return .range(low.lowerBound...high.upperBound)
        }

        private mutating func bracketEnd() throws(Refusal) -> ScalarSet.Part {
            guard let scalar = next else { throw refused("has a `[` that is not closed") }
            index += 1
            return scalar == "\\" ? try escapedPart() : .range(scalar.value...scalar.value)
        }

        private static let classes: [String: [ScalarSet.Part]] = [
            "alpha": [.letters], "digit": [.digits], "space": [.spaces], "upper": [.upper], "lower": [.lower],
            "punct": [.punctuation],
        ]

        private mutating func namedClass() throws(Refusal) -> ScalarSet.Part {
            let name = scalars[(index + 2)...].prefix { $0 != ":" }
            let end = index + 2 + name.count
            guard let part = Self.classes[PlainText.string(name)]?.first, end + 1 < scalars.count,
                scalars[end + 1] == "]"
            else {
                throw refused(
                    "has a class that is not known (known: \(Self.classes.keys.sorted().map { "[:\($0):]" }.joined(separator: ", ")))"
                )
            }
            index = end + 2
            return part
        }
    }
}
