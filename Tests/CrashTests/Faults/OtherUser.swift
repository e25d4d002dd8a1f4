import Foundation
import TestSupport

/// Another ordinary user with a manager and a D-Bus daemon of its own, which a test may stop: those that the tests themselves hang on
/// it may not. Made by root, in a system that is thrown away.
struct OtherUser: Sendable {
    /// The user's name, which is not used in any other system.
    static let name = "corral-other"

    let uid: Int
    let gid: Int
    /// The user's own runtime directory, made by logind.
    var runtime: String { "/run/user/\(uid)" }
    /// The manager as the system's manager knows it.
    var unit: String { "user@\(uid).service" }

    /// Makes the user, unless it was made, and starts its manager and its bus.
    init() throws {
        try Shell.run(
            "getent passwd \(Self.name) >/dev/null || useradd --create-home --shell /bin/bash \(Self.name)")
        let fields = try Shell.run("id -u \(Self.name); id -g \(Self.name)").split(separator: "\n").compactMap {
            Int($0)
        }
        guard fields.count == 2 else { throw RunningHost.Trouble(description: "no user \(Self.name)") }
        (uid, gid) = (fields[0], fields[1])
        try Shell.run("loginctl enable-linger \(Self.name); systemctl start \(unit)")
        try systemctl("start dbus.socket")
    }

    /// Who becomes this user and executes what follows.
    var launcher: [String] {
        ["/usr/bin/setpriv", "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", "--"]
    }

    /// What a login would have set.
    var environment: [String: String] {
        [
            "XDG_RUNTIME_DIR": runtime, "DBUS_SESSION_BUS_ADDRESS": "unix:path=\(runtime)/bus",
            "HOME": "/home/\(Self.name)", "USER": Self.name, "LOGNAME": Self.name,
        ]
    }

    /// Asks the user's manager, over its private socket.
    @discardableResult
    func systemctl(_ words: String) throws -> String {
        let settings = environment.map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
        return try Shell.run("env \(settings) \(launcher.joined(separator: " ")) systemctl --user \(words)")
    }

    /// Ends the manager with all that it holds.
    func end() {
        _ = try? Shell.run(
            "loginctl disable-linger \(Self.name) || true; systemctl stop \(unit) user-\(uid).slice 2>/dev/null || true"
        )
    }
}
