import CgroupPty
import Glibc

/// An attached client that takes a kibibyte a second from its socket, until it is told to hurry.
///
/// Made of plain system calls: a client of the library reads ahead, and would take what waits in one go.
public final class SlowClient: Sendable {
    /// What became of it.
    public struct End: Sendable {
        /// Bytes with a number, and those that draw the screen before them.
        public var output: [UInt8] = []
        /// What the host said in words.
        public var texts: [String] = []
        /// The host's close, nil when the connection was cut off without one.
        public var closeCode: Int?
    }

    private let socket: OwnedFileDescriptor
    private let taken = Locked(0)
    private let isHurried = Locked(false)

    /// Connects, and asks to be attached from the first byte on.
    public init(path: String, session: String, epoch: String) throws {
        socket = try UpgradeRequest.send("/v1/sessions/\(session)/attach?from=0&epoch=\(epoch)", to: path)
    }

    /// Bytes that it has taken from its socket.
    public var bytesTaken: Int { taken.withLock { $0 } }

    /// Has it take what there is from now on.
    public func hurry() { isHurried.withLock { $0 = true } }

    /// Reads to the end of the connection, which must come within a minute after it was told to hurry.
    public func run() async throws -> End {
        var all: [UInt8] = []
        var deadline: Deadline?
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while !Task.isCancelled {
            let isHurried = isHurried.withLock { $0 }
            if isHurried, deadline == nil { deadline = .after(.seconds(60)) }
            if let deadline, deadline.hasPassed { throw RunningHost.Trouble(description: "it was not cut within 60 s") }
            let limit = isHurried ? chunk.count : 1024
            let count = socket.withRawValue { recv($0, &chunk, limit, CInt(MSG_DONTWAIT)) }
            if count > 0 {
                all += chunk[..<count]
                taken.withLock { $0 += count }
            } else if count == 0 || errno != EAGAIN && errno != EINTR {
                return Self.read(all)
            }
            if count <= 0 || !isHurried { try await Task.sleep(for: isHurried ? .milliseconds(10) : .seconds(1)) }
        }
        throw CancellationError()
    }

    /// Takes the frames apart that follow the host's acceptance. A frame that is not whole was never finished.
    ///
    /// See: RFC 6455 section 5.2
    private static func read(_ all: [UInt8]) -> End {
        var end = End()
        var index = all.indices.dropFirst(4).first { all[($0 - 4)..<$0].elementsEqual("\r\n\r\n".utf8) } ?? all.count
        while index + 2 <= all.count {
            let (opcode, short) = (all[index] & 0x0f, Int(all[index + 1]))
            let extra = short == 126 ? 2 : short == 127 ? 8 : 0
            guard index + 2 + extra <= all.count else { break }
            let length = extra == 0 ? short : all[(index + 2)..<(index + 2 + extra)].reduce(0) { $0 << 8 | Int($1) }
            let first = index + 2 + extra
            guard first + length <= all.count else { break }
            let payload = all[first..<(first + length)]
            switch opcode {
            case 1: end.texts.append(String(decoding: payload, as: UTF8.self))
            case 2: end.output += payload
            case 8: end.closeCode = payload.prefix(2).reduce(0) { $0 << 8 | Int($1) }
            default: break
            }
            index = first + length
        }
        return end
    }
}
