import Glibc
import Testing

@testable import CgroupPty
@testable import Reaper

@Suite struct `A census` {
    private let tags = ["CORRAL_INSTANCE=1f2e3d4c", "CORRAL_WORKSPACE=wone", "CORRAL_SESSION=sone"]

    private let executor = BlockingExecutor(label: "test")

    private func take(_ fake: FakeProcfs, use: UseOfFiles = .nothing) async -> ProcessCensus? {
        await ProcessCensus.take(fake.procfs, use: use, on: executor, until: .after(.seconds(60))).value
    }

    @Test func `describes a process as procfs shows it`() async throws {
        let fake = try FakeProcfs()
        try fake.add(50, command: "vi) x", terminal: 34816, environment: ["A=b"] + tags, directory: "/trees/w")
        #expect(
            await take(fake, use: .directories)?.processes == [
                ProcessDescription(
                    identity: ProcessIdentity(pid: ProcessID(50), startTicks: 7), command: "vi) x",
                    cgroup: .known(.path(CgroupPath(components: ["x.scope"]))), terminalDevice: 34816, posixSession: 50,
                    tag: .known(
                        ProcessTag(instance: Sample.instance, workspace: Sample.workspace, session: Sample.session)),
                    directory: "/trees/w", root: "/")
            ])
        #expect(await take(fake)?.processes.first?.directory == nil, "nobody asked")
    }

    @Test func `leaves out threads of the kernel, the dead, and those that go meanwhile`() async throws {
        let fake = try FakeProcfs()
        try fake.add(51, flags: 0x0020_0000)
        try fake.add(52, state: "Z")
        try fake.add(53, cgroup: nil)
        try fake.add(54, environment: nil)
        let census = try #require(await take(fake))
        #expect(census.processes.isEmpty && census.illegible == 0)
    }

    @Test func `finds an open file below a directory that is asked for, and looks at so many and no more (I8)`()
        async throws
    {
        let fake = try FakeProcfs()
        try fake.add(70, open: ["socket:[1]", "/trees/where/a", "/trees/w/src/a.c"])
        try fake.add(71, open: ["/trees/w", "/trees/where/a"])
        let many = (0...UseOfFiles.descriptorsOfOne).map { _ in "/elsewhere" }
        try fake.add(72, open: many)
        let census = try #require(await take(fake, use: .openFiles(below: ["/trees/w"])))
        let found = Dictionary(uniqueKeysWithValues: census.processes.map { ($0.identity.pid.rawValue, $0.openFile) })
        #expect(found == [70: "/trees/w/src/a.c", 71: nil, 72: nil])
        #expect(census.cutShort == 1)
        let unasked = try #require(await take(fake, use: .directories))
        #expect(unasked.processes.allSatisfy { $0.openFile == nil } && unasked.cutShort == 0)
    }

    /// Symptom: a delete was confirmed while an escape lived on, unseen and uncounted. Cause: its main thread had ended, and so it was taken
    /// for one that only waits for being reaped.
    @Test func `sees a process whose main thread has ended`() async throws {
        let fake = try FakeProcfs()
        try fake.add(80, command: "main", state: "Z", threads: 2, environment: [], thread: 81)
        try fake.add(81, command: "rest", environment: tags, directory: "/trees/w")
        let census = try #require(await take(fake, use: .directories))
        let process = try #require(census.processes.first { $0.identity.pid == ProcessID(80) })
        #expect(process.tag.value != nil && process.tag == census.processes.first { $0.command == "rest" }?.tag)
        #expect(process.directory == "/trees/w" && census.illegible == 0)
        let late = try FakeProcfs()
        try late.add(80, state: "Z", threads: 2)
        #expect(try #require(await take(late)).illegible == 1, "none of its threads can be seen")
    }

    @Test func `counts what it cannot make sense of (I3)`() async throws {
        let fake = try FakeProcfs()
        try fake.add(55, garbled: true)
        #expect(await take(fake)?.illegible == 1)
    }

    @Test func `knows its own process and its ancestors`() async throws {
        let fake = try FakeProcfs()
        try fake.add(Int(getpid()), parent: 60, environment: tags)
        try fake.add(60, parent: 61, environment: tags)
        try fake.add(61, parent: 0, environment: tags)
        try fake.add(62, parent: Int(getpid()), environment: tags)
        let kin = await take(fake)?.processes.filter(\.isKin).map(\.identity.pid.rawValue).sorted()
        #expect(kin == [60, 61, getpid()].sorted())
    }

    @Test func `takes an incomplete or impossible tag for none`() async throws {
        for environment in [
            ["CORRAL_INSTANCE=1f2e3d4c"], ["CORRAL_INSTANCE=1F2E3D4C", "CORRAL_WORKSPACE=wone"],
            ["CORRAL_INSTANCE=1f2e3d4c", "CORRAL_WORKSPACE=no-id"],
            ["XCORRAL_INSTANCE=1f2e3d4c", "CORRAL_WORKSPACE=wone"],
        ] {
            let fake = try FakeProcfs()
            try fake.add(63, environment: environment)
            #expect(await take(fake)?.processes.first?.tag == .known(nil), "\(environment)")
        }
    }

    @Test func `is unknown as a whole when half of it is (I3)`() {
        let (one, two) = (Reading.known(1), Reading.known(2))
        #expect(one.combined(with: two, by: +) == .known(3))
        #expect(one.combined(with: .unknown("late"), by: +) == .unknown("late"))
        #expect(Reading.unknown("late").combined(with: two, by: +) == .unknown("late"))
    }

    @Test func `is unknown when procfs cannot be listed, or when it takes too long (I3)`() async throws {
        let nowhere = Procfs(root: "/nowhere")
        guard
            case .unknown = await ProcessCensus.take(nowhere, use: .nothing, on: executor, until: .after(.seconds(60)))
        else {
            Issue.record("it was taken")
            return
        }
        let fake = try FakeProcfs()
        try fake.add(64)
        let late = await ProcessCensus.take(fake.procfs, use: .nothing, on: executor, until: .now)
        #expect(late == .unknown(GroundReader.late))
    }
}
