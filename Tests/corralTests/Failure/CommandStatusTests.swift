import Testing

@testable import corral

@Suite struct `An exit status` {
    @Test func `of several is the worst in the order 1, 69, 64, 3, 4, 5, 0`() {
        let order: [CommandStatus] = [.other, .unreachable, .usage, .notConfirmed, .conflict, .notFound, .done]
        for (rank, status) in order.enumerated() {
            #expect(CommandStatus.worst(of: order[rank...].reversed()) == status)
        }
    }

    @Test func `of nothing is done`() {
        #expect(CommandStatus.worst(of: []) == .done)
    }

    @Test func `has the number that scripts rely on`() {
        let all: [CommandStatus] = [.done, .other, .notConfirmed, .conflict, .notFound, .usage, .unreachable]
        #expect(all.map(\.rawValue) == [0, 1, 3, 4, 5, 64, 69])
    }
}
