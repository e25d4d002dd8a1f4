import CgroupPty
import Testing

@Suite struct `A process id` {
    @Test(arguments: ["1", "7", "4194304", "2147483647"])
    func `is read as the kernel writes it`(text: String) {
        #expect(ProcessID(text)?.description == text)
    }

    @Test(arguments: [
        "", "0", "-1", "+7", "007", " 7", "7 ", "7\n", "7a", "0x7", "2147483648", "9999999999999999999", "٧", "self",
        "7.0",
    ])
    func `is not read from anything else`(text: String) {
        #expect(ProcessID(text) == nil)
    }

    @Test func `orders by number and not by text`() {
        #expect([ProcessID(10), ProcessID(9), ProcessID(100)].sorted().map(\.rawValue) == [9, 10, 100])
    }

    @Test func `identifies a process only together with its start (I1)`() {
        let first = ProcessIdentity(pid: ProcessID(7), startTicks: 100)
        #expect(first != ProcessIdentity(pid: ProcessID(7), startTicks: 101))
        #expect(first == ProcessIdentity(pid: ProcessID(7), startTicks: 100))
        #expect(first.description == "7@100")
    }
}
