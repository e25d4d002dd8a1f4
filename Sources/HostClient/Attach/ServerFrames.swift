import FoundationEssentials
import HostProtocol

/// Reads the WebSocket frames of a host, however they are cut, and passes terminal bytes on as they come: a part of a frame is not
/// kept until the rest is there.
///
/// See: RFC 6455 section 5
struct ServerFrames {
    /// What was read.
    enum Event {
        /// Terminal bytes, lent for the time of the call.
        case bytes(UnsafeRawBufferPointer)
        case message(AttachMessage)
        case ping([UInt8])
        /// The host closes, with its code; 1005 when it names none.
        case closed(Int)
        /// What came is no WebSocket of a Corral host.
        case broken
    }

    /// Largest control message, in bytes, over all of its frames (I8).
    private static let messageLimit = 1 << 20

    private enum State {
        case head([UInt8])
        case payload(opcode: UInt8, isLast: Bool, left: UInt64)
        case over
    }

    private var state = State.head([])
    /// What the fragments that come belong to: 1 text, 2 binary.
    private var fragmented: UInt8 = 0
    private var collected: [UInt8] = []

    /// Takes in what has arrived.
    mutating func read(_ arrived: UnsafeRawBufferPointer, _ handle: (Event) -> Void) {
        var rest = arrived
        while true {
            switch state {
            case .over: return
            case .head(var head):
                while head.count < Self.length(of: head) {
                    guard let byte = rest.first else {
                        state = .head(head)
                        return
                    }
                    head.append(byte)
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
                }
                begin(head, handle)
            case .payload(let opcode, let isLast, let left):
                let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Int(clamping: left)))
                if part.isEmpty, left > 0 { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
                take(part, opcode, handle)
                if case .over = state { return }
                let now = left - UInt64(part.count)
                if now > 0 {
                    state = .payload(opcode: opcode, isLast: isLast, left: now)
                } else {
                    state = .head([])
                    finish(opcode, isLast, handle)
                }
            }
        }
    }

    /// How many bytes a head has, as far as it is known.
    private static func length(of head: [UInt8]) -> Int {
        guard head.count > 1 else { return 2 }
        switch head[1] & 0x7f {
        case 126: return 4
        case 127: return 10
        default: return 2
        }
    }

    private mutating func begin(_ head: [UInt8], _ handle: (Event) -> Void) {
        let opcode = head[0] & 0x0f
        // A host masks nothing, and no extension was agreed on.
        guard head[0] & 0x70 == 0, head[1] & 0x80 == 0 else { return fail(handle) }
        var length = UInt64(head[1] & 0x7f)
        if head.count > 2 { length = head[2...].reduce(0) { $0 << 8 | UInt64($1) } }
        if opcode >= 8 {
            guard length <= 125, head[0] & 0x80 != 0 else { return fail(handle) }
            // A control frame may come between the fragments of a message.
            if fragmented == 1, !collected.isEmpty { held = collected }
            collected = []
        } else if opcode != 0 {
            fragmented = opcode
            collected = []
        }
        state = .payload(opcode: opcode == 0 ? fragmented : opcode, isLast: head[0] & 0x80 != 0, left: length)
    }

    /// A text message whose fragments a control frame has come between.
    private var held: [UInt8]?

    private mutating func take(_ part: UnsafeRawBufferPointer, _ opcode: UInt8, _ handle: (Event) -> Void) {
        if opcode == 2 {
            if !part.isEmpty { handle(.bytes(part)) }
        } else {
            collected += part
            if collected.count > Self.messageLimit { fail(handle) }
        }
    }

    private mutating func finish(_ opcode: UInt8, _ isLast: Bool, _ handle: (Event) -> Void) {
        switch opcode {
        case 1 where isLast:
            do {
                handle(.message(try WireCoding.decode(AttachMessage.self, from: Data(collected))))
            } catch {
                // A type that this client does not know: newer hosts may send more.
            }
            collected = []
        case 8:
            state = .over
            handle(.closed(collected.count >= 2 ? Int(collected[0]) << 8 | Int(collected[1]) : 1005))
        case 9, 10:
            if opcode == 9 { handle(.ping(collected)) }
            collected = held ?? []
            held = nil
        default: break
        }
    }

    private mutating func fail(_ handle: (Event) -> Void) {
        state = .over
        handle(.broken)
    }
}
