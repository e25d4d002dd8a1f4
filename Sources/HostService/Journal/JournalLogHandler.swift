import CgroupPty
import Glibc
public import Logging

/// Writes log lines to the journal with Corral's fields, or to standard error where that is no journal.
///
/// Terminal output, environments and secrets never come here.
public struct JournalLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level = .info
    private let isJournal: Bool
    private let identifier: String

    /// Looks where standard error goes.
    /// - Parameter identifier: `SYSLOG_IDENTIFIER`.
    public init(identifier: String, environment: [String: String]) {
        self.identifier = identifier
        isJournal = Journal.isStandardError(environment: environment)
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let fields = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
        if isJournal {
            send(event.level, "\(event.message)", fields)
        } else {
            let tail = fields.filter { $0.key != "message_id" }.sorted { $0.key < $1.key }.map {
                " \($0.key)=\($0.value)"
            }.joined()
            let line = Array("\(event.level): \(event.message)\(tail)\n".utf8)
            _ = write(2, line, line.count)
        }
    }

    private func send(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) {
        let priority =
            switch level {
            case .trace, .debug: 7
            case .info: 6
            case .notice: 5
            case .warning: 4
            case .error: 3
            case .critical: 2
            }
        var lines = ["MESSAGE=\(message)", "PRIORITY=\(priority)", "SYSLOG_IDENTIFIER=\(identifier)"]
        for (key, value) in fields {
            lines.append(key == "message_id" ? "MESSAGE_ID=\(value)" : "CORRAL_\(key.uppercased())=\(value)")
        }
        Journal.send(lines)
    }
}
