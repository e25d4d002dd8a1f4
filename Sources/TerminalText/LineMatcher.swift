/// Searches one line after the other for a pattern, each as it grows.
///
/// All ways to match are followed at the same time, character by character, so that none is ever tried again; and a line that has
/// only become longer is gone on with where it ended.
final class LineMatcher {
    /// Steps between two questions whether to go on: some tens of microseconds.
    private static let turn = 16 << 10

    private let steps: [LinePattern.Step]
    /// Where the ways go on, before what needs no character was followed.
    private var ways: [Int] = []
    /// Steps that wait for a character.
    private var takers: [Int] = []
    private var stack: [Int] = []
    private var seen: [UInt32]
    private var round: UInt32 = 0
    private var done = 0
    private var previous: Unicode.Scalar?
    private var work = 0

    /// Begins with an empty line.
    init(_ pattern: LinePattern) {
        steps = pattern.steps
        seen = [UInt32](repeating: 0, count: steps.count)
    }

    /// Begins with another line.
    func restart() {
        ways.removeAll(keepingCapacity: true)
        done = 0
        previous = nil
    }

    /// Whether the pattern is in the line as it stands, its end where it ends now; nil when told to stop.
    func look(at line: PlainText.Line, mayGoOn: () -> Bool) -> Bool? {
        if line.unchanged < done { restart() }
        let scalars = line.scalars
        while done < scalars.count {
            let scalar = scalars[done]
            if follow(before: scalar, isEnd: false) { return true }
            ways.removeAll(keepingCapacity: true)
            for taker in takers {
                if case .take(let set) = steps[taker], set.contains(scalar) { ways.append(taker + 1) }
            }
            previous = scalar
            done += 1
            guard work < Self.turn else {
                work = 0
                if !mayGoOn() { return nil }
                continue
            }
        }
        return follow(before: nil, isEnd: !line.isCut)
    }

    /// Follows all that needs no character at this place.
    /// - Returns: whether that leads to the pattern's end.
    private func follow(before next: Unicode.Scalar?, isEnd: Bool) -> Bool {
        round &+= 1
        if round == 0 {
            seen = [UInt32](repeating: 0, count: steps.count)
            round = 1
        }
        takers.removeAll(keepingCapacity: true)
        stack.removeAll(keepingCapacity: true)
        stack.append(contentsOf: ways)
        // The match may begin anywhere.
        stack.append(0)
        while let step = stack.popLast() {
            guard seen[step] != round else { continue }
            seen[step] = round
            work += 1
            switch steps[step] {
            case .take: takers.append(step)
            case .jump(let target): stack.append(target)
            case .fork(let one, let other):
                stack.append(one)
                stack.append(other)
            case .holds(let place): if holds(place, before: next, isEnd) { stack.append(step + 1) }
            case .found: return true
            }
        }
        return false
    }

    private func holds(_ place: LinePattern.Place, before next: Unicode.Scalar?, _ isEnd: Bool) -> Bool {
        switch place {
        case .lineStart: done == 0
        case .lineEnd: isEnd
        case .wordEdge: isWordEdge(before: next)
        case .noWordEdge: !isWordEdge(before: next)
        }
    }

    private func isWordEdge(before next: Unicode.Scalar?) -> Bool {
        (previous.map(ScalarSet.isWord) ?? false) != (next.map(ScalarSet.isWord) ?? false)
    }
}
