import Foundation

/// Inputs that were changed by chance, each from a seed of its own, so that one that fails can be made again.
///
/// `CORRAL_FUZZ=100-200000` has every test that takes its seeds from here run these, and `CORRAL_FUZZ=4711` that one alone.
public struct MutatedInput: RandomNumberGenerator, Sendable {
    /// What a failure must say, so that it can be seen again.
    public let seed: UInt64
    private var state: UInt64

    /// Begins anew: the same seed gives the same input.
    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// One for each seed: 1 to `count`, unless the environment names others.
    public static func each(_ count: UInt64) -> some Sequence<MutatedInput> {
        seeds(ProcessInfo.processInfo.environment["CORRAL_FUZZ"], 1...count).lazy.map { MutatedInput(seed: $0) }
    }

    static func seeds(_ text: String?, _ standard: ClosedRange<UInt64>) -> ClosedRange<UInt64> {
        guard let text else { return standard }
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        guard (1...2).contains(bounds.count), let first = bounds[0], let last = bounds[bounds.count - 1], first <= last
        else {
            preconditionFailure("CORRAL_FUZZ is a seed or two with a dash between them, and not \(text)")
        }
        return first...last
    }

    /// See: SplitMix64, Steele and others, 2014
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// Bytes of any value.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) } }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Changes, drops, doubles or cuts a few bytes.
    /// - Parameter alphabet: where new bytes come from, beside NUL and one that is no text.
    public mutating func mutate(_ bytes: [UInt8], _ alphabet: String) -> [UInt8] {
        var bytes = bytes
        let letters = Array(alphabet.utf8) + [0, 0xff]
        for _ in 0..<Int.random(in: 1...3, using: &self) {
            let place = Int.random(in: 0...bytes.count, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0 where place < bytes.count: bytes[place] = letters.randomElement(using: &self) ?? 0
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2: bytes.insert(letters.randomElement(using: &self) ?? 0, at: place)
            case 3: bytes.removeSubrange(place...)
            default: bytes.insert(contentsOf: bytes[..<place], at: place)
            }
        }
        return bytes
    }

    /// The same of a text.
    public mutating func mutate(_ text: String, _ alphabet: String) -> [UInt8] { mutate(Array(text.utf8), alphabet) }

    /// Cuts into pieces of any length, as a socket does.
    public mutating func pieces(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Bool.random(using: &self) ? 1 : Int.random(in: 1...rest.count, using: &self)
            pieces.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return pieces
    }
}
