internal import CSystemd

/// What a service of `Type=notify` tells its manager. Without `$NOTIFY_SOCKET` nothing happens.
///
/// See: sd_notify(3)
public enum ServiceNotification {
    /// The service answers requests now.
    public static func ready(status: String) { _ = sd_notify(0, "READY=1\nSTATUS=\(status)") }

    /// The service is ending.
    public static func stopping(status: String) { _ = sd_notify(0, "STOPPING=1\nSTATUS=\(status)") }

    /// A line for `systemctl status`.
    public static func status(_ text: String) { _ = sd_notify(0, "STATUS=\(text)") }

    /// Asks for more time to stop than the unit's timeout.
    public static func extendTimeout(_ duration: Duration) {
        _ = sd_notify(0, "EXTEND_TIMEOUT_USEC=\(duration.components.seconds * 1_000_000)")
    }
}
