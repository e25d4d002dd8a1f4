import Glibc

/// Which systemd holds the scopes.
public enum ManagerKind: String, Sendable {
    /// The manager of the calling user, `systemd --user`.
    case user
    /// PID 1.
    case system

    /// The manager for whoever calls: the system's for root, else the user's.
    public static var ofCaller: ManagerKind { geteuid() == 0 ? .system : .user }

    /// The manager's own socket, which answers without any D-Bus daemon (I10); nil without `XDG_RUNTIME_DIR`.
    ///
    /// See: systemd v252 src/core/dbus.c, bus_init_private
    public func privateSocket(environment: [String: String]) -> String? {
        switch self {
        case .system: "/run/systemd/private"
        case .user: environment["XDG_RUNTIME_DIR"].map { "\($0)/systemd/private" }
        }
    }
}
