import CgroupPty
import Glibc

/// The drop-in by which a workspace's slice goes away with its last scope: `StopWhenUnneeded=yes` for every `corral-*.slice`.
///
/// Slices that systemd makes implicitly do not have it and stay for ever, and it cannot be set afterwards. The package ships
/// the drop-in; where it is not installed it is written to the manager's runtime directory, which goes with the boot. systemd
/// reads it for units that it loads from then on, even before a daemon-reload.
///
/// See: systemd.unit(5), "drop-in" and unit names with dashes
struct SliceDropIn: Sendable {
    static let text = """
        # Written by corral-host, because no installed file has it.
        [Unit]
        # A workspace's slice has no unit file and nothing else would stop it once its last session is gone.
        StopWhenUnneeded=yes

        """

    let kind: ManagerKind
    let environment: [String: String]

    /// Writes the drop-in unless one is installed.
    /// - Returns: the path written, nil when one was there.
    func ensure() throws(SystemCallFailure) -> String? {
        let name = "corral-.slice.d"
        let installed = ["/usr/lib", "/usr/local/lib", "/etc", "/lib"].map { "\($0)/systemd/\(kind.rawValue)/\(name)" }
        if installed.contains(where: { access($0, F_OK) == 0 }) { return nil }
        let base =
            switch kind {
            case .system: "/run/systemd/system"
            case .user: (environment["XDG_RUNTIME_DIR"] ?? "/run/user/\(geteuid())") + "/systemd/user"
            }
        let directory = "\(base)/\(name)"
        for path in [base, directory] where mkdir(path, 0o755) != 0 && errno != EEXIST {
            throw SystemCallFailure(call: "mkdir", subject: path, errno: errno)
        }
        let path = "\(directory)/10-corral.conf"
        if try isWritten(path) { return nil }
        // Another instance may write the same at the same time: each writes its own file and renames it.
        let draft = "\(path).\(getpid())"
        let file = try OwnedFileDescriptor.open(path: draft, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        try file.writeAll(Self.text.utf8, name: draft)
        try retryingInterrupted("rename", path) { rename(draft, path) }
        return path
    }

    /// Whether an earlier start of this boot wrote it.
    private func isWritten(_ path: String) throws(SystemCallFailure) -> Bool {
        do throws(SystemCallFailure) {
            return try OwnedFileDescriptor.open(path: path, flags: O_RDONLY).readToEnd(name: path)
                == Array(Self.text.utf8)
        } catch {
            if error.errno == ENOENT { return false }
            throw error
        }
    }
}
