import CgroupPty
import Logging

/// What all log handlers of a process write through: to the journal, each entry once.
///
/// No kind of entry comes in greater numbers than ``JournalQuota`` lets through, and what journald does not take is counted and told as
/// soon as it takes something again.
final class JournalSink: Sendable {
    private struct State {
        var quota = JournalQuota()
        var lost = 0
    }

    private let journal: Journal
    private let identifier: String
    private let manager: ManagerKind
    private let state = Locked(State())

    /// Writes as one program.
    /// - Parameters:
    ///   - identifier: `SYSLOG_IDENTIFIER`.
    ///   - manager: whose units entries are about.
    init(_ journal: Journal, identifier: String, manager: ManagerKind) {
        self.journal = journal
        self.identifier = identifier
        self.manager = manager
    }

    /// Writes an entry.
    /// - Parameters:
    ///   - kind: what it is one of many of.
    ///   - fields: `CORRAL_…` without the prefix and in lower case; `message_id` and ``Logger/Metadata/unitKey`` have a meaning of their
    ///     own.
    func write(_ level: Logger.Level, _ message: String, kind: String, _ fields: Logger.Metadata) {
        guard case .admit(let held) = state.withLock({ $0.quota.admit(kind, at: .now) }) else { return }
        if held > 0 {
            send(.warning, "Held back \(held) entries of the same kind as the next one: there were too many.", [:])
        }
        let lost = state.withLock { state in
            defer { state.lost = 0 }
            return state.lost
        }
        if lost > 0, send(.warning, "Lost \(lost) entries: journald did not take them.", [:]) == .lost {
            state.withLock { $0.lost += lost }
        }
        if send(level, message, fields) == .lost { state.withLock { $0.lost += 1 } }
    }

    @discardableResult
    private func send(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> Journal.Outcome {
        var list = [
            (name: "MESSAGE", value: message), (name: "PRIORITY", value: "\(Self.priority(level))"),
            (name: "SYSLOG_IDENTIFIER", value: identifier),
        ]
        for (key, value) in fields {
            switch key {
            case "message_id": list.append((name: "MESSAGE_ID", value: "\(value)"))
            case Logger.Metadata.unitKey: list.append((name: unitField, value: "\(value)"))
            default: list.append((name: "CORRAL_\(key.uppercased())", value: "\(value)"))
            }
        }
        return journal.send(list)
    }

    /// The field by which `journalctl --unit` and `systemctl status` find entries of others about a unit. Of a user's manager any entry of
    /// that user is believed, of the system's only those of root.
    ///
    /// See: systemd v252 src/shared/logs-show.c, `add_matches_for_unit`, `add_matches_for_user_unit`
    private var unitField: String {
        switch manager {
        case .user: "USER_UNIT"
        case .system: "OBJECT_SYSTEMD_UNIT"
        }
    }

    /// See: syslog(3)
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
