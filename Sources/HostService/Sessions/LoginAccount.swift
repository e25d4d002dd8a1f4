import Glibc

/// The account that sessions run as: the one that the host runs as.
struct LoginAccount: Sendable, Equatable {
    /// Login name.
    var name: String
    /// Home directory.
    var home: String
    /// Login shell, `/bin/sh` where the account has none.
    var shell: String

    /// Looks the calling user up.
    ///
    /// See: getpwuid_r(3)
    /// - Returns: nil when the user database does not know the user.
    static func current() -> LoginAccount? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwuid_r(geteuid(), &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        let shell = String(cString: entry.pw_shell)
        return LoginAccount(
            name: String(cString: entry.pw_name), home: String(cString: entry.pw_dir),
            shell: shell.isEmpty ? "/bin/sh" : shell)
    }
}
