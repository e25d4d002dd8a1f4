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

    /// Has the manager keep a descriptor for whoever comes after this process. An unknown outcome: what the manager does not want
    /// it drops without a word.
    ///
    /// `FDPOLL=0`: it would drop a terminal that is hung up, with the output that nobody has read yet.
    /// - Parameter name: printable, without a colon, 255 bytes at most. Several descriptors may have the same.
    /// - SeeAlso: sd_pid_notify_with_fds(3), `FDSTORE=1`
    public static func store(_ descriptor: borrowing OwnedFileDescriptor, name: String) {
        _ = descriptor.withRawValue { corral_notify_with_descriptor("FDSTORE=1\nFDPOLL=0\nFDNAME=\(name)", $0) }
    }

    /// Has the manager let go of every descriptor of a name.
    public static func unstore(name: String) { _ = sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=\(name)") }
}
