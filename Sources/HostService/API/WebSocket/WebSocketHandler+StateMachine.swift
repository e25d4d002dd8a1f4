import NIOCore
import NIOWebSocket

extension WebSocketHandler {
    /// Decides what a frame means: checks the rules of RFC 6455 that NIO's decoder leaves to its user, puts fragments
    /// together, and keeps the order of the closing handshake.
    struct StateMachine {
        enum Phase: Equatable {
            case open
            /// Our close frame went out. What still comes is thrown away until the client's close frame, unless the client is heard:
            /// it may take long until it sees the close behind what it has not read, and types meanwhile.
            case closeSent(isHeard: Bool)
            /// Both close frames went out, or the connection is lost.
            case closed
        }

        enum Action: Equatable {
            case none
            case deliver(WebSocketMessage)
            /// Answer a ping.
            case pong(ByteBuffer)
            /// Answer the client's close frame, then close.
            case answerClose(ByteBuffer)
            /// The client broke the rules: send a close frame, then close.
            case fail(WebSocketCloseCode)
            /// The client has answered our close frame.
            case disconnect
        }

        private let messageLimit: Int
        private(set) var phase = Phase.open
        /// The message whose fragments are arriving.
        private var pending: (isText: Bool, bytes: ByteBuffer)?

        /// Begins open, with nothing received.
        init(messageLimit: Int) {
            self.messageLimit = messageLimit
        }

        /// What to do about a frame.
        mutating func received(_ frame: WebSocketFrame) -> Action {
            switch phase {
            case .closed: return .none
            case .closeSent(let isHeard):
                if frame.opcode == .connectionClose {
                    phase = .closed
                    return .disconnect
                }
                guard isHeard, frame.opcode != .ping else { return .none }
            case .open: break
            }
            // A client masks every frame, and no extension was agreed on that gives the reserved bits a meaning.
            guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return fail(.protocolError) }
            switch frame.opcode {
            case .text, .binary:
                guard pending == nil else { return fail(.protocolError) }
                return data(isText: frame.opcode == .text, frame.unmaskedData, isFinal: frame.fin)
            case .continuation:
                guard let begun = pending else { return fail(.protocolError) }
                var bytes = begun.bytes
                pending = nil
                // Looked at before they are joined: what is over the limit is not even copied.
                guard bytes.readableBytes + frame.length <= messageLimit else { return fail(.messageTooLarge) }
                var more = frame.unmaskedData
                bytes.writeBuffer(&more)
                return data(isText: begun.isText, bytes, isFinal: frame.fin)
            case .ping:
                return .pong(frame.unmaskedData)
            case .pong:
                return .none
            case .connectionClose:
                return closeReceived(frame.unmaskedData)
            default:
                return fail(.protocolError)
            }
        }

        /// Whether a close frame goes out: only the first.
        /// - Parameter isHeard: whether what still comes is taken.
        mutating func closeSent(isHeard: Bool = false) -> Bool {
            guard phase == .open else { return false }
            phase = .closeSent(isHeard: isHeard)
            if !isHeard { pending = nil }
            return true
        }

        /// The connection is lost.
        mutating func disconnected() {
            phase = .closed
            pending = nil
        }

        private mutating func data(isText: Bool, _ bytes: ByteBuffer, isFinal: Bool) -> Action {
            guard bytes.readableBytes <= messageLimit else { return fail(.messageTooLarge) }
            guard isFinal else {
                pending = (isText, bytes)
                return .none
            }
            guard isText else { return .deliver(.binary(bytes)) }
            guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
                return fail(.inconsistentData)
            }
            return .deliver(.text(text))
        }

        private mutating func closeReceived(_ payload: ByteBuffer) -> Action {
            phase = .closed
            pending = nil
            // The code is answered as it came; none at all is answered with none; one that may not be sent is a
            // violation.
            guard let code = payload.getInteger(at: payload.readerIndex, as: UInt16.self) else {
                return payload.readableBytes == 0 ? .answerClose(payload) : .answerClose(Self.payload(.protocolError))
            }
            switch code {
            case 1000...1003, 1007...1014, 3000...4999: return .answerClose(ByteBuffer(integer: code))
            default: return .answerClose(Self.payload(.protocolError))
            }
        }

        private mutating func fail(_ code: WebSocketCloseCode) -> Action {
            pending = nil
            guard phase == .open else {
                // It was told to go, and breaks the rules besides.
                phase = .closed
                return .disconnect
            }
            phase = .closeSent(isHeard: false)
            return .fail(code)
        }

        /// A close frame's payload.
        static func payload(_ code: WebSocketCloseCode) -> ByteBuffer {
            ByteBuffer(integer: code.rawValue)
        }
    }
}
