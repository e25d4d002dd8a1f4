import Dispatch
import Glibc

/// Writes a session's output to stdout without taking a task's thread, however slow the terminal is.
final class TerminalOutput: Sendable {
    private let queue = DispatchQueue(label: "terminal output")

    /// Writes all of the bytes, and returns when the terminal has taken them.
    func write(_ bytes: [UInt8]) async {
        await withCheckedContinuation { continuation in
            queue.async {
                Console.write(bytes, to: STDOUT_FILENO)
                continuation.resume()
            }
        }
    }
}
