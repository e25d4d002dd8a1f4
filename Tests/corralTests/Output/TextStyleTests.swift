import Testing

@testable import corral

@Suite struct `Colour` {
    @Test func `is for terminals`() {
        #expect(TextStyle(environment: [:], isTerminal: true).isColoured)
        #expect(!TextStyle(environment: [:], isTerminal: false).isColoured)
    }

    @Test func `is left out when NO_COLOR says so, unless it is empty`() {
        #expect(!TextStyle(environment: ["NO_COLOR": "1"], isTerminal: true).isColoured)
        #expect(TextStyle(environment: ["NO_COLOR": ""], isTerminal: true).isColoured)
    }

    @Test func `is left out on a dumb terminal`() {
        #expect(!TextStyle(environment: ["TERM": "dumb"], isTerminal: true).isColoured)
    }
}
