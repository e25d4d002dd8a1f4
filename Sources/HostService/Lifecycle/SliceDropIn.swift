import CgroupPty
import Glibc
import Logging

/// The drop-in by which a workspace's slice goes away with its last scope: `StopWhenUnneeded=yes` for every `corral-*.slice`.
///
/// Slices that systemd makes implicitly do not have it and stay for ever, and it cannot be set afterwards. The package ships
/// the drop-in; where the manager does not know it, it is written to the manager's runtime directory, which goes with the boot. systemd
/// reads it for units that it loads from then on, even before a daemon-reload.
///
/// The manager is asked, and not the disk: it looks in a dozen places, and a file of an administrator's in `corral-.slice.d` may say anything.
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

    /// Sees to it that a slice of ours goes away with its last scope.
    /// - Parameters:
    ///   - slice: one that the drop-in is for.
    ///   - systemd: the manager that has it.
    /// - Throws: ``SystemCallFailure`` when the drop-in cannot be written, ``ScopeFailure`` when the manager does not answer.
    func ensure(for slice: String, _ systemd: SystemdManager, _ logger: Logger) async throws {
        guard try await !systemd.stopsWhenUnneeded(slice, until: .after(.seconds(10))) else { return }
        if let written = try write() {
            logger.info("Wrote \(written), since nothing else makes empty slices go away.")
        }
        do throws(ScopeFailure) {
            try await systemd.reload(until: .after(.seconds(30)))
        } catch {
            logger.warning("\(error); slices that are loaded already stay until they are stopped")
            return
        }
        if try await !systemd.stopsWhenUnneeded(slice, until: .after(.seconds(10))) {
            logger.warning(
                "\(slice) has StopWhenUnneeded=no by a file that comes after ours (systemctl cat \(slice)): slices of workspaces stay when they are empty"
            )
        }
    }

    /// Writes the drop-in.
    /// - Returns: the path written, nil when an earlier start of this boot has written it.
    func write() throws(SystemCallFailure) -> String? {
        let name = "corral-.slice.d"
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
