public import CgroupPty
import Glibc

/// What came of ending one process that was looked at and may be ended.
public enum ProcessEnd: Sendable, Equatable {
    /// It exited upon SIGTERM.
    case terminated
    /// It exited upon SIGKILL.
    case killed
    /// It had gone by itself.
    case gone
    /// A second look found nothing that speaks for ending it, so nothing was sent. Why.
    case spared(String)
    /// It was elsewhere at the second look, so nothing was sent; the next look will find it there. Where.
    case moved(String)
    /// SIGKILL was sent, and it is still there.
    case survived(Survivor?)
    /// A signal could not be sent, or nothing is known of what became of it. Why.
    case failed(String)

    /// Ends a process that is pinned and was looked at since.
    /// - Parameters:
    ///   - terminate: how long it is given after SIGTERM; nil for SIGKILL at once.
    ///   - kill: how long it is given after SIGKILL.
    /// - Throws: ``SystemCallFailure``, `EPERM` when it belongs to somebody else.
    init(
        ending pidfd: Pidfd, terminate: Duration?, kill: Duration, _ monitor: ReadinessMonitor, _ procfs: Procfs,
        until deadline: Deadline
    ) async throws(SystemCallFailure) {
        if let terminate {
            if try pidfd.signal(SIGTERM) == .gone {  // (I1)
                self = .gone
                return
            }
            if try await pidfd.waitForExit(monitor, until: min(deadline, .after(terminate))) {
                self = .terminated
                return
            }
        }
        if try pidfd.signal(SIGKILL) == .gone {  // (I1)
            self = terminate == nil ? .gone : .terminated
            return
        }
        // SIGKILL was sent: it is worth waiting for a moment, even past the deadline.
        let until = max(min(deadline, .after(kill)), .after(.milliseconds(100)))
        let hasExited = try await pidfd.waitForExit(monitor, until: until)
        self = hasExited ? .killed : .survived(Survivor(pidfd.pid, in: procfs))
    }
}
