import CgroupPty
import FoundationEssentials
import HostProtocol
import SessionIndex

/// A command that the host itself runs in a workspace's slice and waits for: `git worktree add` with its hooks, and the
/// workspace's own scripts.
///
/// It is a session like any other, with its own kind, so that whatever it starts is found, ended and confirmed by the same rules.
struct ScopedCommand: Sendable {
    /// How it ended.
    enum Outcome: Sendable, Equatable {
        /// Its leader exited by itself, and nothing of it is left.
        case exited(SessionRow.Exit?, tail: String)
        /// It took too long and was ended with everything that it had started.
        case timedOut(tail: String)
        /// Processes of it are left.
        case notEnded(String)
    }

    /// Bytes of output that are shown when it fails.
    static let tailLength = 2048

    let sessions: SessionService
    let ender: SessionEnder

    /// Runs the command to its end, or to the timeout.
    /// - Throws: what a start can throw; then nothing was run. `CancellationError` when the task is cancelled: it runs on, and is ended as
    ///   every session is.
    func run(
        _ command: [String], in workspace: WorkspaceRow, kind: SessionRow.Kind, title: String, directory: String,
        environment: [String: String], isRetry: Bool, timeout: Duration
    ) async throws -> Outcome {
        let request = CreateSessionRequest(
            title: title, cwd: directory, env: environment, size: nil, onExit: .kill, id: nil, command: command)
        let plan = try sessions.plan(.mint(), workspace, request, kind: kind, isRetry: isRetry)
        let (row, live) = try await sessions.startHeld(plan)
        let isOver = await live.waitUntilClosed(until: .after(timeout))
        let tail = Self.text((live.feed?.slice(from: nil).bytes ?? []).suffix(Self.tailLength))
        if isOver { return .exited(await live.leaderExit(), tail: tail) }
        try Task.checkCancellation()
        let end = await ender.kill(row, reason: .killed, force: false)
        guard end.outcome == .confirmed else { return .notEnded(end.detail ?? end.outcome.rawValue) }
        // It may have ended by itself at the last moment; what counts is that it was given its time.
        return .timedOut(tail: tail)
    }

    /// Terminal output as plain text for a message.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        var isEscape = false
        for scalar in String(decoding: Array(bytes), as: UTF8.self).unicodeScalars {
            if isEscape {
                // A control sequence ends with a letter or `~`; what stands between is of no interest here.
                if scalar.properties.isAlphabetic || scalar == "~" { isEscape = false }
            } else if scalar == "\u{1b}" {
                isEscape = true
            } else if scalar == "\n" || scalar == "\t" || scalar.value >= 32 {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
