/// Reads server-sent events from bytes, in pieces as they come.
///
/// See: HTML Standard, "Server-sent events", 9.2.5 and 9.2.6. A carriage return alone ends no line here: the host writes none.
struct EventStreamParser: Sendable {
    /// A line that is longer than the host ever writes: it is no host.
    struct TooLong: Error, CustomStringConvertible {
        let description = "a line of its events is longer than \(limit) bytes"
    }

    private static let limit = 1 << 20

    private var line: [UInt8] = []
    private var id = ""
    private var hasNewID = false
    private var kind = ""
    private var data: String?

    /// Takes the next bytes; returns what is complete with them.
    mutating func read(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [EventStreamItem] {
        var items: [EventStreamItem] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                if line.count > Self.limit { throw TooLong() }
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty {
                if let item = dispatch() { items.append(item) }
            } else {
                take(String(decoding: line, as: UTF8.self))
            }
            line.removeAll(keepingCapacity: true)
        }
        return items
    }

    private mutating func take(_ line: String) {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? parts[1] : ""
        if value.first == " " { value.removeFirst() }
        switch parts[0] {
        case "id": (id, hasNewID) = (String(value), true)
        case "event": kind = String(value)
        case "data": data = data.map { "\($0)\n\(value)" } ?? String(value)
        // A comment, or what is not for us: `retry` is for browsers.
        default: break
        }
    }

    private mutating func dispatch() -> EventStreamItem? {
        defer { (kind, data, hasNewID) = ("", nil, false) }
        if let data { return .event(ServerSentEvent(id: id, kind: kind, data: data)) }
        return hasNewID ? .position(id) : nil
    }
}
