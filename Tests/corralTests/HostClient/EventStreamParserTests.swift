import Testing

@testable import HostClient

@Suite struct `The reader of an event stream` {
    private func read(_ text: String, piece: Int) throws -> [EventStreamItem] {
        var parser = EventStreamParser()
        var items: [EventStreamItem] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: piece) {
            items += try parser.read(bytes[start..<min(start + piece, bytes.count)])
        }
        return items
    }

    @Test(arguments: [1, 2, 7, 1000])
    func `reads events whatever the pieces`(piece: Int) throws {
        let text =
            "retry: 1000\nid: e-1\n\nid: e-2\nevent: a\ndata: {}\n\n:\n\ndata:x\r\ndata: y\r\n\r\nid: e-3\nevent: b\ndata\n\n"
        #expect(
            try read(text, piece: piece) == [
                .position("e-1"), .event(ServerSentEvent(id: "e-2", kind: "a", data: "{}")),
                .event(ServerSentEvent(id: "e-2", kind: "", data: "x\ny")),
                .event(ServerSentEvent(id: "e-3", kind: "b", data: "")),
            ])
    }

    @Test func `tells nothing that is not complete`() throws {
        #expect(try read("id: e-1\ndata: {}\n", piece: 5).isEmpty)
    }

    @Test func `gives up on a line without an end`() {
        var parser = EventStreamParser()
        #expect(throws: EventStreamParser.TooLong.self) {
            for _ in 0..<2000 { _ = try parser.read([UInt8](repeating: 65, count: 1024)) }
        }
    }
}
