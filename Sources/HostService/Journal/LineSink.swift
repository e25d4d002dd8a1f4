import CgroupPty
import Dispatch
import Glibc

/// What all log handlers of a process write through where standard error is no journal: a terminal, a file, a pipe.
///
/// A pipe that nobody reads and a terminal that was stopped with ^S take nothing, for ever. Whoever has something to say waits for that a
/// second, and once, as for a journald that hangs: a thread of its own writes, in order, and what it has no room for is counted and told
/// as soon as something is taken again. That thread may be in the middle of a line when the process ends; nobody waits for it.
final class LineSink: Sendable {
    /// What may wait to be written, in bytes.
    private static let room = 1 << 20
    /// What one line is waited for. A file or a terminal takes it in microseconds.
    private static let patience = DispatchTimeInterval.seconds(1)

    private struct State {
        var waiting = 0
        var lost = 0
        /// Whether the last line was waited for in vain: the next ones are not waited for, until one is taken.
        var hangs = false
    }

    private let descriptor: CInt
    private let queue = DispatchQueue(label: "corral.log")
    private let state = Locked(State())

    /// Writes to a descriptor, which stays the caller's.
    init(descriptor: CInt = STDERR_FILENO) {
        self.descriptor = descriptor
    }

    /// Whether something has not been written yet.
    var isWaiting: Bool { state.withLock { $0.waiting > 0 } }

    /// Writes a line, within a second.
    func write(_ line: String) {
        let (bytes, hangs) = state.withLock { state -> ([UInt8]?, Bool) in
            let note = state.lost > 0 ? "warning: Lost \(state.lost) lines: nobody read them.\n" : ""
            let bytes = Array((note + line + "\n").utf8)
            guard state.waiting + bytes.count <= Self.room else {
                state.lost += 1
                return (nil, true)
            }
            state.waiting += bytes.count
            state.lost = 0
            return (bytes, state.hangs)
        }
        guard let bytes else { return }
        let isWritten = DispatchSemaphore(value: 0)
        queue.async { [self] in
            send(bytes)
            state.withLock { state in
                state.waiting -= bytes.count
                state.hangs = false
            }
            isWritten.signal()
        }
        if !hangs, isWritten.wait(timeout: .now() + Self.patience) == .timedOut {
            state.withLock { $0.hangs = $0.waiting > 0 }
        }
    }

    /// What cannot be written, to a disk that is full for instance, has no other place to be told.
    ///
    /// See: write(2)
    private func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count == 0 || errno == EAGAIN {
                // Somebody else has made what we share with them not block.
                var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&room, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
