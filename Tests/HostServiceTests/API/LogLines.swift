import Logging
import NIOConcurrencyHelpers

/// Keeps what is logged from `warning` on, for a test to look at.
final class LogLines: Sendable {
    private let box = NIOLockedValueBox<[String]>([])

    var lines: [String] { box.withLockedValue { $0 } }

    var handler: any LogHandler { Handler(box: box) }

    private struct Handler: LogHandler {
        let box: NIOLockedValueBox<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.warning

        init(box: NIOLockedValueBox<[String]>) { self.box = box }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            box.withLockedValue { $0.append(([event.message.description] + metadata).joined(separator: " ")) }
        }
    }
}
