import CgroupPty
import Testing

@testable import Reaper

@Suite struct `Evidence for an end` {
    @Test(arguments: [Presence.empty, .absent, Sample.unread])
    func `cannot be made from a look that saw nothing alive (I3)`(_ presence: Presence) {
        #expect(Evidence(.stamped, presence) == nil)
    }

    @Test func `says what condemns and how many are condemned`() {
        #expect(Evidence(.stamped, Sample.alive)?.description == "its end was asked for; 2 processes")
        #expect(
            Evidence(.disposed, .populated(.known([Sample.leader])))?.description == "its row is disposed; 1 process")
        #expect(
            Evidence(.disposed, .populated(.unknown("EIO")))?.description
                == "its row is disposed; an unknown number of processes")
    }
}

@Suite struct `The proof that nothing lives` {
    @Test func `cannot be made from a look that saw life, or nothing at all (I3)`() {
        #expect(Absence(Sample.alive) == nil)
        #expect(Absence(Sample.unread) == nil)
        #expect(Absence(.empty)?.sign == .unpopulated)
        #expect(Absence(.absent)?.sign == .removed)
    }

    @Test func `is made from a boot only when it is another one`() {
        #expect(Absence(bootID: "a", now: "a") == nil)
        #expect(Absence(bootID: "a", now: "b")?.sign == .otherBoot)
    }
}
