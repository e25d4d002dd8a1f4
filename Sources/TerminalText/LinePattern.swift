/// A regular expression that a line of text can be searched for.
///
/// The syntax is that of `grep -E` with what Perl added to it and everybody uses: alternatives, groups, classes, repetition,
/// `^` and `$`, `\d` `\w` `\s` `\b` and their opposites, `(?i)` at the beginning. There are no references to what a group has
/// matched and no looking around: without them the time that a search takes grows with the line and with the pattern, and never
/// with both to the power of something, whatever a client sends (I8).
///
/// See: Thompson, "Regular Expression Search Algorithm" (1968); Cox, "Regular Expression Matching: the Virtual Machine Approach"
public struct LinePattern: Sendable {
    /// Why a pattern is none: where and what.
    public struct Refusal: Error, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// Steps of a compiled pattern at most: `(\w{1,100} ){20}` fits. A line of 64 KiB then takes some seconds at worst.
    public static let stepLimit = 4096
    /// Groups within groups at most.
    static let depthLimit = 50
    /// Largest count of a repetition, as in most other engines.
    static let countLimit = 1000

    /// What holds between two characters.
    enum Place: Sendable {
        case lineStart, lineEnd, wordEdge, noWordEdge
    }

    /// A step of the program.
    enum Step: Sendable {
        /// Takes a character of the set and goes on with the next step.
        case take(ScalarSet)
        case holds(Place)
        /// Goes on in two places.
        case fork(Int, Int)
        case jump(Int)
        case found
    }

    let steps: [Step]

    /// Compiles a pattern.
    /// - Throws: ``Refusal`` for what is no pattern, and for one that is too large.
    public init(_ pattern: String) throws(Refusal) {
        var parser = Parser(pattern)
        let tree = try parser.parse()
        var compiler = Compiler()
        try compiler.add(tree)
        try compiler.add(.found)
        steps = compiler.steps
    }

    /// A pattern as a tree.
    indirect enum Tree {
        case nothing
        case one(ScalarSet)
        case place(Place)
        case sequence([Tree])
        case choice([Tree])
        case repeated(Tree, atLeast: Int, atMost: Int?)
    }

    private struct Compiler {
        var steps: [Step] = []

        mutating func add(_ step: Step) throws(Refusal) {
            guard steps.count < LinePattern.stepLimit else {
                throw Refusal(description: "is too large once its repetitions are written out")
            }
            steps.append(step)
        }

        mutating func add(_ tree: Tree) throws(Refusal) {
            switch tree {
            case .nothing: break
            case .one(let set): try add(.take(set))
            case .place(let place): try add(.holds(place))
            case .sequence(let parts): for part in parts { try add(part) }
            case .choice(let ways): try choose(ways)
            case .repeated(let tree, let least, let most): try repeated(tree, least, most)
            }
        }

        private mutating func choose(_ ways: [Tree]) throws(Refusal) {
            var jumps: [Int] = []
            for way in ways.dropLast() {
                let fork = steps.count
                try add(.jump(0))
                try add(way)
                jumps.append(steps.count)
                try add(.jump(0))
                steps[fork] = .fork(fork + 1, steps.count)
            }
            if let last = ways.last { try add(last) }
            for jump in jumps { steps[jump] = .jump(steps.count) }
        }

        private mutating func repeated(_ tree: Tree, _ least: Int, _ most: Int?) throws(Refusal) {
            for _ in 0..<least {
                let before = steps.count
                try add(tree)
                // A thousand times nothing is nothing.
                if steps.count == before { break }
            }
            guard let most else {
                let fork = steps.count
                try add(.jump(0))
                try add(tree)
                try add(.jump(fork))
                steps[fork] = .fork(fork + 1, steps.count)
                return
            }
            var forks: [Int] = []
            for _ in least..<max(least, most) {
                forks.append(steps.count)
                try add(.jump(0))
                try add(tree)
            }
            for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
        }
    }
}
