import Testing

@testable import CgroupPty

/// What authorises a kill or a confirmation, read from bytes that were changed by chance: never more than the bytes say. The seed of a
/// round that fails is in its text.
@Suite struct `Input that was changed by chance` {
    /// The same numbers for the same seed. See: SplitMix64, Steele and others, 2014
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }

    private static let rounds: UInt64 = 20_000

    /// Changes, drops, doubles or cuts a few bytes.
    private static func mutated(_ text: String, _ alphabet: String, _ generator: inout Generator) -> [UInt8] {
        var bytes = Array(text.utf8)
        let letters = Array(alphabet.utf8) + [0, 0xff]
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0 where place < bytes.count: bytes[place] = letters.randomElement(using: &generator) ?? 0
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2: bytes.insert(letters.randomElement(using: &generator) ?? 0, at: place)
            case 3: bytes.removeSubrange(place...)
            default: bytes.insert(contentsOf: bytes[..<place], at: place)
            }
        }
        return bytes
    }

    @Test func `in cgroup.events is empty only where a line says populated 0 to the letter (I3)`() {
        var generator = Generator(state: 1)
        var counts = (unknown: 0, empty: 0)
        for round in 0..<Self.rounds {
            let populated = round % 2
            let bytes = Self.mutated("populated \(populated)\nfrozen 0\n", "populated 01\n frozen", &generator)
            guard let events = CgroupDirectory.Events(bytes) else {
                counts.unknown += 1
                continue
            }
            let lines = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
            let exact = Array("populated \(events.isPopulated ? 1 : 0)".utf8)
            #expect(lines.contains(exact), "round \(round): \(String(decoding: bytes, as: UTF8.self))")
            if !events.isPopulated { counts.empty += 1 }
        }
        #expect(counts.unknown > 100 && counts.empty > 100, "\(counts)")
    }

    @Test func `in a unit's name is ours only when it is that very name`() {
        var generator = Generator(state: 2)
        var accepted = 0
        for round in 0..<Self.rounds {
            let bytes = Self.mutated("corral-1f2e3d4c-wk4m2-s9x1.scope", "coral-0189af.scopeslice", &generator)
            let unit = String(decoding: bytes, as: UTF8.self)
            if let scope = ScopeName(unit: unit) {
                accepted += 1
                #expect(Array(scope.unit.utf8) == bytes, "round \(round): \(unit)")
            }
            let slice = unit.replacing(".scope", with: ".slice")
            if let name = SliceName(unit: slice) {
                #expect(Array(name.unit.utf8) == Array(slice.utf8), "round \(round)")
            }
        }
        #expect(accepted > 100)
    }

    @Test func `in a process's cgroup names no place that is not written there`() {
        var generator = Generator(state: 3)
        var places = 0
        for round in 0..<Self.rounds {
            let bytes = Self.mutated(
                "1:name=systemd:/x\n0::/user.slice/corral.slice/a.scope\n", "01:/.\n (deleted)", &generator)
            guard case .path(let path) = ProcessCgroup(bytes) else { continue }
            places += 1
            let line = Array("0::\(path.components.isEmpty ? "/" : path.description)".utf8)
            let lines = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
            // A name may hold what is no text: then the comparison is of what was made of it.
            let texts = lines.map { String(decoding: $0, as: UTF8.self) }
            #expect(
                texts.contains {
                    Array($0.utf8).starts(with: line.prefix(3)) && path.components.allSatisfy($0.contains)
                },
                "round \(round): \(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(places > 100)
    }

    @Test func `in a process's environment gives no value that is not there`() {
        var generator = Generator(state: 4)
        for round in 0..<Self.rounds {
            let bytes = Self.mutated(
                "HOME=/x\0CORRAL_INSTANCE=1f2e3d4c\0CORRAL_SESSION=s9x1\0", "CORRAL_=\0s9", &generator)
            guard let value = ProcessEnvironment(bytes)["CORRAL_SESSION"] else { continue }
            let entries = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            #expect(entries.contains("CORRAL_SESSION=\(value)"), "round \(round)")
        }
    }
}
