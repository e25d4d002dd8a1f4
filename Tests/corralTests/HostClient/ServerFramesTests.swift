import HostProtocol
import TestSupport
import Testing

@testable import HostClient

@Suite struct `A host's frames` {
    /// What was read, with the pieces of bytes put together.
    private enum Read: Equatable {
        case bytes([UInt8])
        case message(AttachMessage.Kind)
        case ping([UInt8])
        case closed(Int)
        case broken
    }

    private static func frame(_ opcode: UInt8, _ payload: [UInt8], isLast: Bool = true) -> [UInt8] {
        var head: [UInt8] = [(isLast ? 0x80 : 0) | opcode]
        switch payload.count {
        case ..<126: head.append(UInt8(payload.count))
        case ..<65_536: head += [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default: head += [127] + (0..<8).map { UInt8(payload.count >> (56 - 8 * $0) & 0xff) }
        }
        return head + payload
    }

    private static func read(_ bytes: [UInt8], inPiecesOf size: Int) -> [Read] {
        read(stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min($0 + size, bytes.count)] })
    }

    private static func read(_ pieces: [ArraySlice<UInt8>]) -> [Read] {
        var frames = ServerFrames()
        var all: [Read] = []
        for piece in pieces {
            piece.withUnsafeBytes {
                frames.read($0) { event in
                    switch event {
                    case .bytes(let part):
                        if case .bytes(let before) = all.last {
                            all[all.count - 1] = .bytes(before + part)
                        } else {
                            all.append(.bytes(Array(part)))
                        }
                    case .message(let message): all.append(.message(message.type))
                    case .ping(let payload): all.append(.ping(payload))
                    case .closed(let code): all.append(.closed(code))
                    case .broken: all.append(.broken)
                    }
                }
            }
        }
        return all
    }

    @Test(arguments: [1, 2, 3, 7, 100, 1 << 20])
    func `are read however they are cut`(size: Int) {
        let text = Array(#"{"type":"title","title":"x"}"#.utf8)
        let large = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
        var stream = Self.frame(1, text) + Self.frame(2, [1, 2, 3]) + Self.frame(2, Array(large.prefix(300)))
        stream += Self.frame(9, [9]) + Self.frame(2, large)
        stream += Self.frame(1, Array(text.prefix(5)), isLast: false) + Self.frame(9, [8])
        stream += Self.frame(0, Array(text.dropFirst(5)))
        stream += Self.frame(2, [4], isLast: false) + Self.frame(0, [5]) + Self.frame(2, [])
        stream += Self.frame(1, Array(#"{"type":"of a newer host"}"#.utf8)) + Self.frame(8, [0x03, 0xf5]) + [1, 2, 3]
        let read = Self.read(stream, inPiecesOf: size)
        #expect(
            read == [
                .message(.title), .bytes([1, 2, 3] + Array(large.prefix(300))), .ping([9]), .bytes(large), .ping([8]),
                .message(.title), .bytes([4, 5]), .closed(1013),
            ])
    }

    @Test func `that break the protocol end it`() {
        #expect(Self.read([0x82, 0x81, 0, 0, 0, 0, 1], inPiecesOf: 100) == [.broken], "masked")
        #expect(Self.read([0xc2, 0x01, 1], inPiecesOf: 100) == [.broken], "reserved bits")
        #expect(Self.read([0x09, 0x00], inPiecesOf: 100) == [.broken], "a ping in parts")
        #expect(Self.read([0x89, 126, 0, 200], inPiecesOf: 100) == [.broken], "a ping that is too long")
    }

    /// `CORRAL_FUZZ=SEED` runs one of them again.
    @Test func `that were changed by chance mean the same however they are cut, and nothing after they broke`() {
        let text = Array(#"{"type":"title","title":"x"}"#.utf8)
        var stream =
            Self.frame(1, text) + Self.frame(2, [1, 2, 3]) + Self.frame(9, [9]) + Self.frame(2, [UInt8](0..<200))
        stream += Self.frame(1, Array(text.prefix(5)), isLast: false) + Self.frame(9, [8])
        stream += Self.frame(0, Array(text.dropFirst(5))) + Self.frame(2, [4], isLast: false) + Self.frame(0, [5])
        stream += Self.frame(8, [0x03, 0xf5])
        for var input in MutatedInput.each(300) {
            let changed = input.mutate(stream, "\u{01}\u{02}\u{08}\u{7e}\u{7f}")
            let whole = Self.read([changed[...]])
            #expect(Self.read(input.pieces(changed)) == whole, "seed \(input.seed)")
            let ends = whole.indices.filter {
                switch whole[$0] {
                case .broken, .closed: true
                case .bytes, .message, .ping: false
                }
            }
            #expect(ends.isEmpty || ends == [whole.count - 1], "seed \(input.seed)")
        }
    }

    @Test func `of control that has no end are not kept (I8)`() {
        let part = [UInt8](repeating: 32, count: 600_000)
        #expect(
            Self.read(Self.frame(1, part, isLast: false) + Self.frame(0, part, isLast: false), inPiecesOf: 1 << 20)
                == [.broken])
    }
}
