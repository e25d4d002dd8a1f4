import Glibc
import NIOConcurrencyHelpers

/// The ssh processes that this process has started and not yet collected.
///
/// A number in here is its child's for certain: the kernel keeps it until the child is collected, and that is done here alone.
enum SSHChildren {
    private static let running = NIOLockedValueBox<Set<pid_t>>([])

    /// Remembers a child.
    static func add(_ child: pid_t) { running.withLockedValue { _ = $0.insert(child) } }

    /// Collects those that have ended meanwhile.
    static func collect() {
        running.withLockedValue { running in
            var status: CInt = 0
            running = running.filter { waitpid($0, &status, WNOHANG) == 0 }
        }
    }

    /// Asks a child to end. Nothing happens when it was collected.
    static func terminate(_ child: pid_t) {
        running.withLockedValue { running in
            guard running.contains(child) else { return }
            // Pinned by not being collected, as a pidfd would pin it (I1).
            kill(child, SIGTERM)
        }
    }

    /// Waits until a child that has closed its output has ended, for two seconds at most.
    /// - Returns: its exit status as a shell has it; nil when it is not known.
    static func wait(for child: pid_t) -> CInt? {
        let deadline = ContinuousClock.now + .seconds(2)
        while true {
            var status: CInt = 0
            let answer = running.withLockedValue { running -> pid_t in
                guard running.contains(child) else { return -1 }
                let answer = waitpid(child, &status, WNOHANG)
                if answer == child { running.remove(child) }
                return answer
            }
            if answer == child { return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f) }
            guard answer == 0, ContinuousClock.now < deadline else { return nil }
            poll(nil, 0, 5)
        }
    }
}
