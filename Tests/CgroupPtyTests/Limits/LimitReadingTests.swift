import Testing

@testable import CgroupPty

@Suite struct `A limit in the kernel` {
    private func reading(_ limit: ResourceLimit, _ text: String) -> CgroupDirectory.LimitReading? {
        CgroupDirectory.LimitReading(limit, Array(text.utf8))
    }

    @Test func `is read in its own unit`() {
        #expect(reading(.memoryMax, "67108864\n") == .limited(to: 67_108_864))
        #expect(reading(.memoryHigh, "max\n") == .unlimited)
        #expect(reading(.tasksMax, "512\n") == .limited(to: 512))
        #expect(reading(.tasksMax, "max\n") == .unlimited)
        #expect(reading(.cpuQuota, "200000 100000\n") == .limited(to: 2_000_000))
        #expect(reading(.cpuQuota, "12500 100000\n") == .limited(to: 125_000))
        #expect(reading(.cpuQuota, "max 100000\n") == .unlimited)
        #expect(reading(.cpuWeight, "50\n") == .limited(to: 50))
        #expect(reading(.cpuWeight, "100\n") == .unlimited)
        #expect(reading(.ioWeight, "default 250\n8:0 40\n") == .limited(to: 250))
        #expect(reading(.ioWeight, "default 100\n") == .unlimited)
    }

    @Test(
        arguments: [
            (.memoryMax, ""), (.memoryMax, "much\n"), (.cpuQuota, "100\n"), (.cpuQuota, "100 0\n"),
            (.cpuQuota, "x 100\n"),
            (.cpuWeight, "\n"),
        ] as [(ResourceLimit, String)])
    func `in another form is not guessed at (I3)`(limit: ResourceLimit, text: String) {
        #expect(reading(limit, text) == nil)
    }

    @Test func `holds where the kernel has what was asked for`() {
        typealias Reading = CgroupDirectory.LimitReading
        #expect(Reading.limited(to: 4096).fulfils(4096 + 4095, of: .memoryMax), "it counts whole pages")
        #expect(!Reading.limited(to: 8192).fulfils(4096, of: .memoryMax))
        #expect(Reading.limited(to: 5).fulfils(5, of: .tasksMax))
        #expect(!Reading.limited(to: 5).fulfils(6, of: .tasksMax))
        #expect(Reading.unlimited.fulfils(100, of: .cpuWeight), "what everybody has")
        // A weight above 100 was refused where the disks have the BFQ scheduler: systemd writes another number there, up to 1,000.
        #expect(Reading.limited(to: 181).fulfils(1_000, of: .ioWeight))
        #expect(Reading.limited(to: 1_000).fulfils(10_000, of: .ioWeight))
        #expect(!Reading.limited(to: 181).fulfils(900, of: .ioWeight))
        #expect(!Reading.limited(to: 181).fulfils(1_000, of: .cpuWeight))
        for limit in ResourceLimit.allCases {
            #expect(!Reading.noController.fulfils(1, of: limit), "a limit without its controller does not hold")
            #expect(Reading.noController.fulfils(nil, of: limit))
            #expect(Reading.unlimited.fulfils(nil, of: limit))
            #expect(!Reading.limited(to: 7).fulfils(nil, of: limit), "a limit that was lifted is gone")
        }
    }

    @Test func `is kept as a text that reads back`() {
        var all = ResourceLimits()
        for (number, limit) in ResourceLimit.allCases.enumerated() { all.values[limit] = UInt64(number) + 1 }
        #expect(all.text == "memory_max=1 memory_high=2 cpu_quota=3 cpu_weight=4 tasks_max=5 io_weight=6")
        #expect(ResourceLimits(text: all.text) == all)
        #expect(ResourceLimits(text: "") == ResourceLimits())
        for damaged in [
            "memory_max", "memory_max=", "memory_max=1=2", "memory_max=1 memory_max=2", "x=1", "memory_max=-1",
        ] {
            #expect(ResourceLimits(text: damaged) == nil)
        }
    }

    @Test func `changes by what is named, and back`() {
        let before = ResourceLimits([.memoryMax: 1, .tasksMax: 2])
        let change = ResourceLimitChange([.memoryMax: nil, .cpuWeight: 3])
        let after = before.applying(change)
        #expect(after == ResourceLimits([.tasksMax: 2, .cpuWeight: 3]))
        #expect(after.applying(after.change(to: before)) == before)
        #expect(change.set == ResourceLimits([.cpuWeight: 3]))
        #expect(before.controllers == [.memory, .pids])
    }
}
