import FoundationEssentials
import SessionIndex
import Testing

@testable import CgroupPty
@testable import Reaper

@Suite struct `A reaper's memory` {
    private var full: ReaperMemory {
        var memory = ReaperMemory()
        memory.unexplained = [Sample.scope.unit: 17]
        memory.missing = [Sample.session: 18]
        memory.recordFailedKill("u", outcome: "unkillable", now: Deadline(bootNanoseconds: 5))
        memory.recordFailedKill("u", outcome: "unknown", now: Deadline(bootNanoseconds: 9))
        memory.witnesses.add(Sample.leader, EscapeWitnesses.Sighting(workspace: Sample.workspace, place: .slice))
        memory.witnesses.add(Sample.member, EscapeWitnesses.Sighting(workspace: Sample.workspace, place: .terminal))
        return memory
    }

    @Test func `is what it was after being written and read`() throws {
        let bytes = try JSONEncoder().encode(full)
        #expect(try JSONDecoder().decode(ReaperMemory.self, from: bytes) == full)
    }

    @Test func `counts tries of a failed kill from the first one on`() {
        #expect(full.failedKills["u"] == ReaperMemory.FailedKill(since: 5, tries: 2, outcome: "unknown"))
    }

    @Test func `forgets a unit of which nothing is left`() {
        var memory = full
        memory.forget("u")
        memory.forget(Sample.scope.unit)
        #expect(memory.failedKills.isEmpty && memory.unexplained.isEmpty)
    }

    @Test func `keeps the oldest witnesses that live, up to its limit (I8)`() {
        var witnesses = EscapeWitnesses()
        let sighting = EscapeWitnesses.Sighting(workspace: Sample.workspace, place: .slice)
        for number in 1...10 {
            witnesses.add(ProcessIdentity(pid: ProcessID(Int32(number)), startTicks: UInt64(100 - number)), sighting)
        }
        witnesses.keep(limit: 3) { $0.pid != ProcessID(10) }
        #expect(Set(witnesses.sightings.keys.map(\.pid)) == [ProcessID(7), ProcessID(8), ProcessID(9)])
    }

    @Test func `does not take a terminal for more than having been inside`() {
        var witnesses = EscapeWitnesses()
        for place in [EscapeWitnesses.Place.slice, .terminal] {
            witnesses.add(Sample.leader, EscapeWitnesses.Sighting(workspace: Sample.workspace, place: place))
        }
        #expect(witnesses.sightings[Sample.leader]?.place == .slice)
    }

    @Test func `with an id that is none is refused as a whole`() {
        let text = #"{"unexplained":{},"missing":{"no id":1},"failedKills":{},"witnesses":[]}"#
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(ReaperMemory.self, from: Data(text.utf8)) }
    }
}

@Suite struct `A reaper's memory file` {
    private let manager = FileIdentity(device: 1, inode: 2)

    @Test func `gives back what was stored, in its boot and for its manager`() throws {
        let directory = try Scratch()
        let file = ReaperMemoryFile(path: directory.path + "/memory.json", bootID: "b", manager: manager)
        var memory = ReaperMemory()
        memory.unexplained = ["u": 1]
        try file.store(memory)
        #expect(try file.load() == memory)
        try file.store(ReaperMemory())
        #expect(try file.load() == ReaperMemory())
        #expect(try directory.names() == ["memory.json"], "no draft is left")
    }

    @Test func `of another boot, or of another manager, is a memory of nothing`() throws {
        let directory = try Scratch()
        let path = directory.path + "/memory.json"
        var memory = ReaperMemory()
        memory.unexplained = ["u": 1]
        try ReaperMemoryFile(path: path, bootID: "b", manager: manager).store(memory)
        #expect(try ReaperMemoryFile(path: path, bootID: "c", manager: manager).load() == ReaperMemory())
        let other = FileIdentity(device: 1, inode: 3)
        #expect(try ReaperMemoryFile(path: path, bootID: "b", manager: other).load() == ReaperMemory())
    }

    @Test func `that is missing or damaged is a memory of nothing, and one that cannot be read is a failure (I3)`()
        throws
    {
        let directory = try Scratch()
        let file = ReaperMemoryFile(path: directory.path + "/memory.json", bootID: "b", manager: manager)
        #expect(try file.load() == ReaperMemory())
        try directory.write("{\"half", to: "memory.json")
        #expect(try file.load() == ReaperMemory())
        let unreadable = ReaperMemoryFile(path: directory.path, bootID: "b", manager: manager)
        #expect(throws: SystemCallFailure.self) { try unreadable.load() }
    }
}
