internal import CSystemd
import Dispatch

/// What a service of `Type=notify` tells its manager. Without `$NOTIFY_SOCKET` nothing happens.
///
/// A datagram to a manager that does not read blocks its sender once a few wait (`net.unix.max_dgram_qlen`). So all of them go
/// through one queue of their own, in order, and whoever must know that one is on its way waits with a deadline.
/// See: sd_notify(3), sd_pid_notify_with_fds(3)
public enum ServiceNotification {
    private static let queue = DispatchQueue(label: "corral.notify")

    /// The service answers requests now.
    public static func ready(status: String) { send("READY=1\nSTATUS=\(status)") }

    /// The service is ending.
    public static func stopping(status: String) { send("STOPPING=1\nSTATUS=\(status)") }

    /// The service lives; see ``watchdogInterval()``.
    public static func alive() { send("WATCHDOG=1") }

    /// After how long without a sign of life the manager ends this process and starts the next; nil when it does not watch.
    ///
    /// See: sd_watchdog_enabled(3); systemd.service(5), `WatchdogSec=`
    public static func watchdogInterval() -> Duration? {
        var microseconds: UInt64 = 0
        return sd_watchdog_enabled(0, &microseconds) > 0 ? .microseconds(Int64(clamping: microseconds)) : nil
    }

    /// Asks for more time to stop than the unit's timeout.
    public static func extendTimeout(_ duration: Duration) {
        send("EXTEND_TIMEOUT_USEC=\(duration.components.seconds * 1_000_000)")
    }

    /// Has the manager keep a descriptor for whoever comes after this process. What the manager does not want it drops without a
    /// word.
    ///
    /// `FDPOLL=0`: it would drop a terminal that is hung up, with the output that nobody has read yet.
    /// - Parameter name: printable, without a colon, 255 bytes at most. Several descriptors may have the same.
    public static func store(_ descriptor: consuming OwnedFileDescriptor, name: String) {
        let raw = descriptor.release()
        queue.async {
            let owned = OwnedFileDescriptor(adopting: raw)
            _ = owned.withRawValue { corral_notify_with_descriptor("FDSTORE=1\nFDPOLL=0\nFDNAME=\(name)", $0) }
        }
    }

    /// Has the manager let go of every descriptor of a name.
    public static func unstore(name: String) { send("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    /// Waits until all that was told before is on its way.
    /// - Returns: false when the deadline passed first: the manager does not read.
    public static func flush(until deadline: Deadline) async -> Bool {
        let sent = Settlement<Bool>()
        queue.async { sent.settle(true) }
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            sent.settle(false)
        }
        defer { timer.cancel() }
        return await sent.value()
    }

    private static func send(_ state: String) { queue.async { _ = sd_notify(0, state) } }
}
