/// What an attached client types, as the bytes that go over its socket: cut into messages, fragments and writes by chance.
///
/// See: RFC 6455 section 5
public struct ClientFrames: Sendable {
    /// What goes over the socket, a write each. Their bounds have nothing to do with those of the frames.
    public private(set) var writes: [ArraySlice<UInt8>] = []
    /// Messages that consist of several frames.
    public private(set) var fragmentedMessages = 0
    /// Frames that no single write holds.
    public private(set) var splitFrames = 0

    /// Packs bytes as binary messages of any length, none included. Between the fragments of some comes a ping, as it may.
    public init(_ bytes: [UInt8], cutBy chance: inout MutatedInput) {
        var wire: [UInt8] = []
        var frameEnds: [Int] = []
        var rest = bytes[...]
        func add(_ opcode: UInt8, _ payload: ArraySlice<UInt8>, isFinal: Bool) {
            Self.add(opcode, payload, isFinal: isFinal, key: chance.bytes(4), to: &wire)
            frameEnds.append(wire.count)
        }
        while !rest.isEmpty {
            var message = rest.prefix(Self.length(upTo: 100_000, &chance))
            rest = rest.dropFirst(message.count)
            var opcode: UInt8 = 2
            let fragments = Int.random(in: 0..<3, using: &chance) == 0 ? Int.random(in: 2...5, using: &chance) : 1
            if fragments > 1 { fragmentedMessages += 1 }
            for _ in 1..<fragments {
                let fragment = message.prefix(Int.random(in: 0...message.count, using: &chance))
                message = message.dropFirst(fragment.count)
                add(opcode, fragment, isFinal: false)
                if Bool.random(using: &chance) {
                    add(9, chance.bytes(Int.random(in: 0...125, using: &chance))[...], isFinal: true)
                }
                opcode = 0
            }
            add(opcode, message, isFinal: true)
        }
        var cuts: Set<Int> = []
        var left = wire[...]
        while !left.isEmpty {
            let write = left.prefix(max(1, Self.length(upTo: 32_768, &chance)))
            writes.append(write)
            left = left.dropFirst(write.count)
            cuts.insert(write.endIndex)
        }
        for (start, end) in zip([0] + frameEnds, frameEnds) where (start + 1..<end).contains(where: cuts.contains) {
            splitFrames += 1
        }
    }

    /// Often a few bytes, as of keys that are typed.
    private static func length(upTo limit: Int, _ chance: inout MutatedInput) -> Int {
        Int.random(in: 0...(Int.random(in: 0..<4, using: &chance) == 0 ? 16 : limit), using: &chance)
    }

    private static func add(
        _ opcode: UInt8, _ payload: ArraySlice<UInt8>, isFinal: Bool, key: [UInt8], to wire: inout [UInt8]
    ) {
        wire.append((isFinal ? 0x80 : 0) | opcode)
        switch payload.count {
        case ..<126: wire.append(0x80 | UInt8(payload.count))
        case ..<65_536: wire += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default: wire += [0x80 | 127] + (0..<8).map { UInt8(payload.count >> (56 - 8 * $0) & 0xff) }
        }
        wire += key
        var index = 0
        for byte in payload {
            wire.append(byte ^ key[index & 3])
            index += 1
        }
    }
}
