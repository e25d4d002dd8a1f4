import CgroupPty
import Glibc
public import Logging

/// Writes what is logged: to the journal with Corral's fields, or as readable lines to standard error where that is no journal.
///
/// Terminal output, environments and secrets never come here.
public struct JournalLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level = .info
    /// Where it goes.
    private enum Sink {
        case journal(JournalSink)
        case lines(LineSink)
    }

    private let sink: Sink
    private let isColoured: Bool

    /// Looks where standard error goes.
    /// - Parameter identifier: `SYSLOG_IDENTIFIER`.
    public init(identifier: String, environment: [String: String]) {
        isColoured = LogLine.mayBeColoured(environment: environment, isTerminal: isatty(2) == 1)
        guard Journal.isStandardError(environment: environment) else {
            sink = .lines(LineSink())
            return
        }
        do throws(SystemCallFailure) {
            sink = .journal(JournalSink(try Journal(), identifier: identifier, manager: .ofCaller))
        } catch {
            // Lines on standard error get there as well, without fields.
            sink = .lines(LineSink())
        }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let fields = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
        let message = "\(event.message)"
        switch sink {
        case .journal(let sink):
            // Events are told in one place, and so are told apart by what they are.
            let kind = fields["event"].map { "\($0)" } ?? "\(event.file):\(event.line)"
            sink.write(event.level, message, kind: kind, fields)
        case .lines(let sink): sink.write(LogLine.text(event.level, message, fields, isColoured: isColoured))
        }
    }
}
