import CgroupPty
import Testing

@testable import HostService

@Suite struct `A limit as people write it` {
    @Test(
        arguments: [
            (.memoryMax, "4G", 4 << 30), (.memoryMax, "512M", 512 << 20), (.memoryHigh, "1048576", 1 << 20),
            (.memoryMax, "1.5G", 3 << 29), (.memoryMax, "2T", 2 << 40), (.memoryMax, "2048K", 2 << 20),
            (.memoryMax, "0.5G", 1 << 29), (.memoryMax, "1048576B", 1 << 20), (.memoryMax, "1024P", 1 << 60),
            (.memoryMax, "infinity", nil), (.cpuQuota, "200%", 2_000_000), (.cpuQuota, "50", 500_000),
            (.cpuQuota, "12.5%", 125_000), (.cpuQuota, "1%", 10_000), (.cpuQuota, "33.33%", 333_300),
            (.cpuQuota, "infinity", nil), (.cpuWeight, "50", 50), (.cpuWeight, "default", nil), (.tasksMax, "512", 512),
            (.tasksMax, "infinity", nil), (.ioWeight, "10000", 10_000), (.ioWeight, "default", nil),
        ] as [(ResourceLimit, String, UInt64?)])
    func `is read as systemd reads it`(limit: ResourceLimit, text: String, value: UInt64?) {
        #expect(LimitReader.read(text, as: limit) == .success(value))
    }

    @Test(
        arguments: [
            (.memoryMax, ""), (.memoryMax, "G"), (.memoryMax, "-1"), (.memoryMax, "4g"), (.memoryMax, "4GB"),
            (.memoryMax, "0"),
            (.memoryMax, "1023K"), (.memoryMax, "1025P"), (.memoryMax, "99999999999999999999"), (.memoryMax, "1.G"),
            (.memoryMax, ".5G"), (.memoryMax, "1.0000000001G"), (.memoryMax, "50%"), (.memoryMax, "1.5"),
            (.memoryMax, "default"),
            (.cpuQuota, "0%"), (.cpuQuota, "0.99%"), (.cpuQuota, "1.234%"), (.cpuQuota, "1000001%"), (.cpuQuota, "%"),
            (.cpuWeight, "0"), (.cpuWeight, "10001"), (.cpuWeight, "infinity"), (.cpuWeight, "idle"), (.tasksMax, "0"),
            (.tasksMax, "4194305"), (.tasksMax, "1.5"), (.tasksMax, "+5"), (.tasksMax, "٣"),
        ] as [(ResourceLimit, String)])
    func `is refused with what is wanted instead`(limit: ResourceLimit, text: String) {
        guard case .failure(let refusal) = LimitReader.read(text, as: limit) else {
            Issue.record("\(text) was taken for \(limit)")
            return
        }
        #expect(refusal.description.contains("wanted"))
    }

    @Test(
        arguments: [
            (.memoryMax, 4 << 30, "4G"), (.memoryHigh, 3 << 29, "1536M"), (.memoryMax, 1_048_577, "1048577"),
            (.cpuQuota, 2_000_000, "200%"), (.cpuQuota, 125_000, "12.50%"), (.cpuQuota, 10_100, "1.01%"),
            (.tasksMax, 512, "512"), (.tasksMax, nil, "infinity"), (.memoryMax, nil, "infinity"),
            (.cpuWeight, nil, "default"), (.ioWeight, 100, "100"),
        ] as [(ResourceLimit, UInt64?, String)])
    func `is written so that it is read again`(limit: ResourceLimit, value: UInt64?, text: String) {
        #expect(LimitReader.text(value, as: limit) == text)
        #expect(LimitReader.read(text, as: limit) == .success(value))
    }

    @Test func `that cannot be enforced says how it could be`() {
        let user = Delegation(.user).advice([.cpu, .io])
        #expect(user.contains("the controllers cpu, io are not delegated to the user manager"))
        #expect(user.contains("systemctl edit user@.service") && user.contains("Delegate=cpu cpuset io memory pids"))
        #expect(Delegation(.system).advice([.memory]).contains("the memory controller is not there for systemd"))
    }
}
