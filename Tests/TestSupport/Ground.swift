import Foundation

/// Where ground tests may run: on a private systemd that `scripts/test` booted, or on the caller's own user manager.
///
/// They start real hosts, scopes and processes, so they run only when `CORRAL_GROUND` says which manager to use.
public enum Ground {
    /// `user` or `system`, nil where ground tests must not run.
    public static let manager: String? = ProcessInfo.processInfo.environment["CORRAL_GROUND"]
    /// Whether ground tests may run.
    public static var isAvailable: Bool { manager != nil }
    /// Why they do not run.
    public static let reason = "CORRAL_GROUND is not set: scripts/test sets it on a private systemd"
    /// Whether PID 1's manager is used and we are root.
    public static var isSystem: Bool { manager == "system" }

    /// Where the units are.
    public static var packaging: String { ProcessInfo.processInfo.environment["CORRAL_TEST_PACKAGING"] ?? "packaging" }
    /// Where the built programs are.
    public static var programs: String { ProcessInfo.processInfo.environment["CORRAL_TEST_BIN"] ?? ".build/debug" }
}
