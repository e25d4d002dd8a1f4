internal import CSystemd
import Glibc

/// The journal, for structured entries by its native protocol.
///
/// Not by `sd_journal_sendv`, which waits for as long as journald takes nothing: one that hangs would hold up every thread that has
/// something to say, and the host with them. It has to be waited for, since the kernel queues some hundred entries at most, and 10 where
/// nobody has raised that; but for a second only, and once.
///
/// See: https://systemd.io/JOURNAL_NATIVE_PROTOCOL; systemd.journal-fields(7)
public final class Journal: Sendable {
    /// What becomes of an entry.
    public enum Outcome: Sendable, Equatable {
        case written
        /// journald takes nothing now, or is not there.
        case lost
    }

    /// Of one value, bytes: a datagram with some of them must fit into a socket's buffer, 208 KiB usually.
    static let valueLimit = 32 << 10

    /// What one entry is waited for. One that works takes an entry in a tenth of a millisecond.
    private static let patience = timeval(tv_sec: 1, tv_usec: 0)

    private let socket: OwnedFileDescriptor
    private let path: String
    /// Whether the last entry was waited for in vain: the next ones are not waited for, until one is taken.
    private let hangs = Locked(false)

    /// Makes a socket.
    /// - Parameter path: where journald listens; elsewhere only in tests.
    /// - Throws: ``SystemCallFailure`` from `socket` or `setsockopt`.
    public init(path: String = "/run/systemd/journal/socket") throws(SystemCallFailure) {
        self.path = path
        let kind = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        socket = OwnedFileDescriptor(
            adopting: try retryingInterrupted("socket", path) { Glibc.socket(AF_UNIX, kind, 0) })
        var patience = Self.patience
        try retryingInterrupted("setsockopt", path) {
            socket.withRawValue {
                setsockopt($0, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            }
        }
    }

    /// Whether standard error is connected to the journal, as `$JOURNAL_STREAM` says.
    ///
    /// See: systemd.exec(5) `$JOURNAL_STREAM`
    public static func isStandardError(environment: [String: String]) -> Bool {
        var status = stat()
        return fstat(2, &status) == 0 && environment["JOURNAL_STREAM"] == "\(status.st_dev):\(status.st_ino)"
    }

    /// Sends one entry, within a second. A value may hold newlines; what is too long of it is cut off.
    public func send(_ fields: [(name: String, value: String)]) -> Outcome {
        let bytes = fields.flatMap { Self.encoded($0.name, $0.value) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else { return .lost }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let flags = CInt(MSG_NOSIGNAL) | (hangs.withLock { $0 } ? CInt(MSG_DONTWAIT) : 0)
        do throws(SystemCallFailure) {
            try retryingInterrupted("sendto", path) {
                socket.withRawValue { raw in
                    withUnsafePointer(to: &address) { pointer in
                        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                            sendto(
                                raw, bytes, bytes.count, flags, generic,
                                socklen_t(MemoryLayout<sockaddr_un>.size))
                        }
                    }
                }
            }
        } catch {
            hangs.withLock { $0 = $0 || error.errno == EAGAIN }
            return .lost
        }
        hangs.withLock { $0 = false }
        return .written
    }

    /// One field as it is sent: by its length, where a newline would end it.
    static func encoded(_ name: String, _ value: String) -> [UInt8] {
        var value = Array(value.utf8)
        if value.count > valueLimit {
            // Not within a character: what is no UTF-8 is not shown.
            value = Array(String(decoding: value.prefix(valueLimit - 3), as: UTF8.self).utf8) + Array("…".utf8)
        }
        guard value.contains(UInt8(ascii: "\n")) else { return Array("\(name)=".utf8) + value + [UInt8(ascii: "\n")] }
        let length = withUnsafeBytes(of: UInt64(value.count).littleEndian) { Array($0) }
        return Array("\(name)\n".utf8) + length + value + [UInt8(ascii: "\n")]
    }
}
