import HostClient
import Testing

@testable import corral

@Suite struct `A batch` {
    @Test func `reports in the order of its arguments, however long each takes`() async throws {
        var reported: [Int] = []
        await OrderedBatch.run(Array(0..<20), width: 4) { item in
            do { try await Task.sleep(for: .milliseconds((20 - item) % 5)) } catch { return -1 }
            return item * 10
        } report: { item, result in
            #expect(result == item * 10)
            reported.append(item)
        }
        #expect(reported == Array(0..<20))
    }

    @Test func `of nothing reports nothing`() async {
        await OrderedBatch.run([Int](), width: 4) {
            $0
        } report: { _, _ in
            Issue.record("there was nothing")
        }
    }

    @Test func `goes on past a failure and ends with the worst status`() async {
        await #expect(throws: CommandStatus.notConfirmed) {
            try await VerbBatch.run(["gone", "fine", "late"], asJSON: true) { argument in
                switch argument {
                case "gone": throw CommandFailure.notFound(.session, name: argument)
                case "late": throw HostClientFailure.timedOut(request: "DELETE", after: .seconds(1))
                default: return VerbBatch.Outcome(json: {}, text: "", status: .done)
                }
            }
        }
    }
}
