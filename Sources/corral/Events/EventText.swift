import HostClient
import HostProtocol

/// Events as lines for people.
enum EventText {
    /// When, what kind, and what happened: `2026-11-22 21:02:58  session_exited      Session s… ended: …`.
    static func line(_ event: ServerSentEvent, _ time: TimeText) -> String {
        let document: EventDocument
        do {
            document = try WireCoding.decode(EventDocument.self, from: event.data)
        } catch {
            // Of a kind that only a newer host knows.
            return "\(Table.Cell(event.kind).text)  \(Table.Cell(event.data).text)"
        }
        let kind = document.kind.rawValue
        let padding = String(repeating: " ", count: max(0, width - kind.count))
        return "\(time.full(document.at))  \(kind)\(padding)  \(Table.Cell(document.message).text)"
    }

    private static let width = EventDocument.Kind.allCases.map(\.rawValue.count).max() ?? 0
}
