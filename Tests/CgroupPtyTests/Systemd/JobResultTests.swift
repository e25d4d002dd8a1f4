import CgroupPty
import Testing

@Suite struct `A job's result` {
    @Test func `is done for done alone`() {
        #expect(JobResult("done") == .done)
        for text in [
            "canceled", "timeout", "failed", "dependency", "skipped", "frozen", "", "Done", "done ", "collected",
        ] {
            #expect(JobResult(text) == .other(text))
        }
    }
}
