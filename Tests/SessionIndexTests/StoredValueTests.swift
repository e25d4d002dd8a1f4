import Foundation
import GRDB
import Testing

@testable import SessionIndex

@Suite struct `A stored date` {
    @Test(arguments: [
        (0, "1970-01-01 00:00:00.000"), (-0.001, "1969-12-31 23:59:59.999"), (951_782_400, "2000-02-29 00:00:00.000"),
        (1_763_845_378.1234, "2025-11-22 21:02:58.123"), (1_763_845_378.1235, "2025-11-22 21:02:58.124"),
        (4_107_542_400, "2100-03-01 00:00:00.000"), (253_402_300_799.999, "9999-12-31 23:59:59.999"),
        (.infinity, "9999-12-31 23:59:59.999"), (-.infinity, "0000-01-01 00:00:00.000"),
    ])
    func `is UTC text to the nearest millisecond`(seconds: Double, text: String) {
        #expect(StoredDate.text(Date(timeIntervalSince1970: seconds)) == text)
        #expect(StoredDate.date(text).map(StoredDate.text) == text)
    }

    @Test func `equals the rounded date after a round trip, reads as GRDB writes, and sorts as dates do`() {
        var generator = SystemRandomNumberGenerator()
        var pairs: [(Date, String)] = []
        for _ in 0..<5000 {
            let date = StoredDate.rounded(
                Date(timeIntervalSince1970: Double.random(in: -1e10...1e11, using: &generator)))
            let text = StoredDate.text(date)
            #expect(StoredDate.date(text) == date)
            #expect(StoredDate.rounded(date) == date)
            // Half a millisecond on: GRDB cuts off, and a fraction of a second is not exact.
            #expect(date.addingTimeInterval(0.0004).databaseValue == text.databaseValue)
            pairs.append((date, text))
        }
        #expect(pairs.sorted { $0.0 < $1.0 }.map(\.1) == pairs.map(\.1).sorted())
    }

    @Test(arguments: [
        "", "now", "2025-11-22", "2025-11-22 21:02:58", "2025-11-22T21:02:58.123", "2025-13-22 21:02:58.123",
        "2025-11-22 24:02:58.123", "2025-11-22 21:02:58.12x", "2025-11-22 21:02:58.1234", "+025-11-22 21:02:58.123",
    ])
    func `is no other text`(text: String) {
        #expect(StoredDate.date(text) == nil)
    }
}

@Suite struct `A stored list of texts` {
    @Test(arguments: [
        [], [""], ["/bin/sh", "-c", "echo \"a\\b\"\n\t\u{0}\u{1B}[0m"], ["é", "e\u{301}", "👩‍🚀", "\u{7F}", "/"],
    ])
    func `is a JSON array that reads back as it was`(list: [String]) throws {
        let text = StoredTextList.text(list)
        #expect(StoredTextList.list(text).map { $0.map { Array($0.utf8) } } == list.map { Array($0.utf8) })
        let decoded = try JSONDecoder().decode([String].self, from: Data(text.utf8))
        #expect(decoded.map { Array($0.utf8) } == list.map { Array($0.utf8) })
    }

    @Test(arguments: [
        "", "[", "]", "[1]", "{}", "null", "[null]", "[\"a\"", "[\"a\",]", "[\"a\"]]", "[\"a\"] ", "[\"\\n\"]",
        "[\"\\u00",
        "[\"\\u0041\"]", "[\"a", ",\"a\"]", "[\"a\"[\"b\"]",
    ])
    func `is no other text`(text: String) {
        #expect(StoredTextList.list(text) == nil)
    }
}
