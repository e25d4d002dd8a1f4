import HostProtocol
import Testing

@testable import corral

@Suite struct `Figures in a terminal` {
    @Test func `show what is known, and say why the rest is not`() {
        var figures = FiguresDocument(reason: nil)
        figures.cpu = .init(usageUsec: 252_340_000, userUsec: 0, systemUsec: 0, throttledUsec: nil)
        figures.members = 2
        figures.cpuPressure = .init(some: .init(avg10: 12.4, avg60: 0, avg300: 0, totalUsec: 0), full: nil)
        let stats = StatsDocument(
            at: Samples.moment, instance: "1f2e3d4c", figures: figures,
            workspaces: [
                .init(
                    id: "w1", name: "fix-login", state: .active, figures: figures, sessionCount: 2,
                    sessions: [
                        .init(id: "s1", title: "tests", status: .active, idleSeconds: 1, figures: figures),
                        .init(
                            id: "s2", title: "gone", status: .active, idleSeconds: nil,
                            figures: FiguresDocument(reason: "nothing runs in it")),
                    ])
            ], unavailable: ["memory": "the memory controller is not delegated"])
        let text = StatsText.text(stats, withTotal: true, Samples.plain)
        #expect(
            text == """
                WORKSPACE  SESSION     CPU    MEMORY  PEAK  TASKS  MEMBERS  READ  WRITTEN  WAIT CPU  MEM  IO
                fix-login  2 sessions  4m12s  -       -     -      2        -     -        12%       -    -
                           tests       4m12s  -       -     -      2        -     -        12%       -    -
                           gone        -      -       -     -      -        -     -        -         -    -
                all        1f2e3d4c    4m12s  -       -     -      2        -     -        12%       -    -

                memory not known: the memory controller is not delegated
                session s2 not known: nothing runs in it
                """)
    }

    // A host of another machine that sent an absurd figure ended the program.
    @Test(arguments: [1e300, -1e300, .infinity]) func `show any figure that a host may send`(value: Double) {
        var figures = FiguresDocument(reason: nil)
        figures.cpuPressure = .init(some: .init(avg10: value, avg60: 0, avg300: 0, totalUsec: 0), full: nil)
        let stats = StatsDocument(
            at: Samples.moment, instance: "1f2e3d4c", figures: figures, workspaces: [], unavailable: [:])
        #expect(StatsText.text(stats, withTotal: true, Samples.plain).contains("%"))
    }

    @Test(
        arguments: [
            (310_000, "0.31s"), (59_999_999, "59.99s"), (60_000_000, "1m00s"), (11_220_000_000, "3h07m"),
        ] as [(Int64, String)])
    func `show time as people read it`(microseconds: Int64, text: String) {
        #expect(StatsText.seconds(microseconds) == text)
    }

    @Test(
        arguments: [
            (0, "0B"), (1023, "1023B"), (1024, "1K"), (1536, "1.5K"), (4 << 30, "4G"), (1 << 60, "1024P"),
        ] as [(Int64, String)])
    func `show sizes as they are typed`(bytes: Int64, text: String) {
        #expect(LimitText.bytes(bytes) == text)
    }
}
