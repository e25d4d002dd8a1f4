import Dispatch
import Glibc

/// What comes from the user's terminal while a full-screen view is on: keys, another size, a return from the shell.
///
/// Read on a thread of its own, since the terminal's mode must not be changed to reads that do not wait: others use it, too.
struct TopInput: Sendable {
    /// What has come.
    enum Arrival: Sendable {
        case keys([TopKey])
        case resized
        /// The process was stopped and goes on: the screen was somebody else's.
        case resumed
        /// Nobody can type any more.
        case ended
    }

    private let pipe: WakePipe
    private let queue = DispatchQueue(label: "top")

    /// Begins to read.
    /// - Parameter take: Called on the thread.
    init(waking pipe: WakePipe, _ take: @escaping @Sendable (Arrival) -> Void) {
        self.pipe = pipe
        queue.async { Self.read(pipe, take) }
    }

    /// Reads no more once this returns: what is typed now is for somebody else.
    func end() async {
        pipe.tell(.over)
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }

    private static func read(_ pipe: WakePipe, _ take: (Arrival) -> Void) {
        var waits = [
            pollfd(fd: pipe.readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            guard poll(&waits, 2, -1) > 0 else { continue }
            let messages = waits[0].revents != 0 ? pipe.drain() : []
            if messages.contains(.over) { return }
            if messages.contains(.resumed) { take(.resumed) }
            if messages.contains(.resized) { take(.resized) }
            guard waits[1].revents != 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 1024)
            let count = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
            if count > 0 {
                take(.keys(TopKey.read(Array(bytes[..<count]))))
            } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
                take(.ended)
                waits[1].fd = -1
            }
        }
    }
}
