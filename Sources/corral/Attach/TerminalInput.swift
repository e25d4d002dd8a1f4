import Dispatch
import Glibc

/// What the user types, and what happens to the terminal, one event at a time.
///
/// Nothing is read ahead: while an event is being handled, input waits in the kernel.
final class TerminalInput: Sendable {
    /// What happened.
    enum Event: Equatable, Sendable {
        case typed([UInt8])
        case resized
        /// Stdin is at its end, or the terminal has gone.
        case ended
        /// ``stop()`` was called.
        case stopped
    }

    /// Where the blocking wait happens, so that no task's thread is taken.
    private let queue = DispatchQueue(label: "terminal input")
    private let pipe: WakePipe

    /// Listens to stdin and to what is said through the pipe.
    init(_ pipe: WakePipe) {
        self.pipe = pipe
    }

    /// Makes the wait that is under way, or the next one, end with `stopped`.
    func stop() {
        pipe.send(.stopped)
    }

    /// Waits for the next event. To be called again only when it has returned.
    /// - Parameter listening: Whether stdin counts; false once it is at its end.
    func next(listening: Bool) async -> Event {
        await withCheckedContinuation { continuation in
            queue.async { [pipe] in continuation.resume(returning: Self.wait(pipe, listening: listening)) }
        }
    }

    private static func wait(_ pipe: WakePipe, listening: Bool) -> Event {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            var waits = [
                pollfd(fd: pipe.readEnd, events: Int16(POLLIN), revents: 0),
                // A negative number is passed over.
                pollfd(fd: listening ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
            ]
            // A signal's handler has said in the pipe what there is to say: EINTR needs no answer.
            guard poll(&waits, 2, -1) > 0 else { continue }
            if waits[0].revents != 0 {
                let messages = pipe.drain()
                if messages.contains(.stopped) { return .stopped }
                if messages.contains(.resized) { return .resized }
            }
            guard waits[1].revents != 0 else { continue }
            let count = read(STDIN_FILENO, &bytes, bytes.count)
            if count > 0 { return .typed(Array(bytes[0..<count])) }
            // EIO: the terminal has hung up.
            if count == 0 || (errno != EINTR && errno != EAGAIN) { return .ended }
        }
    }
}
