import Glibc

/// A pipe through which a signal's handler wakes a thread that polls.
///
/// The one owner of both its ends (I5). A socket pair in truth: it can be made close-on-exec at once, which pipe(2) cannot.
///
/// See: socketpair(2), signal-safety(7); "the self-pipe trick"
final class WakePipe: Sendable {
    /// What is said through the pipe.
    enum Message: UInt8 {
        /// The terminal may have another size.
        case resized
        /// The process was stopped and goes on: somebody else may have written on the terminal, and it has another size perhaps.
        case resumed
        /// Whoever polls is to end.
        case over
    }

    /// The end that is polled.
    let readEnd: CInt
    /// The end that a signal's handler writes messages to. When the pipe is full the reader has been woken already.
    let writeEnd: CInt

    /// Opens the pipe.
    /// - Throws: ``CommandFailure`` when there are no descriptors left.
    init() throws(CommandFailure) {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw .failed("No pipe can be opened: \(String(cString: strerror(errno))).")
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Says a message from a thread. A signal's handler writes it by itself.
    func tell(_ message: Message) {
        var byte = message.rawValue
        write(writeEnd, &byte, 1)
    }

    /// Takes the messages that were said.
    func drain() -> [Message] {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(readEnd, &bytes, bytes.count)
        return count > 0 ? bytes[0..<count].compactMap(Message.init) : []
    }
}
