import HostProtocol
import Testing

@testable import HostService

@Suite struct `The metrics` {
    private static let full: FiguresDocument = {
        var figures = FiguresDocument(reason: nil)
        figures.cpu = .init(usageUsec: 1_500_000, userUsec: 1_000_000, systemUsec: 500_000, throttledUsec: 250_000)
        figures.memory = .init(current: 4096, peak: 8192, swap: nil, oomKills: 1)
        figures.cpuPressure = .init(
            some: .init(avg10: 1, avg60: 0, avg300: 0, totalUsec: 2_000_000), full: nil)
        figures.members = 3
        figures.frozen = false
        return figures
    }()

    private func stats(workspaces: Int, sessions: Int) -> StatsDocument {
        StatsDocument(
            at: APIFixtures.moment, instance: "1f2e3d4c", figures: Self.full,
            workspaces: (0..<workspaces).map { number in
                .init(
                    id: "w\(number)", name: "a \"name\"\n\\", state: .active,
                    figures: FiguresDocument(reason: "nothing runs in it"), sessionCount: sessions,
                    sessions: (0..<sessions).map {
                        .init(id: "s\(number)x\($0)", title: "t", status: .active, idleSeconds: nil, figures: Self.full)
                    })
            }, unavailable: ["io": "why", "tasks": "why"])
    }

    @Test func `have a sample for each figure, and none for what could not be had`() {
        let lines = MetricsText.text(stats(workspaces: 1, sessions: 1), version: "1.0").split(separator: "\n").map(
            String.init)
        let expected = [
            #"corral_build_info{version="1.0",instance="1f2e3d4c"} 1"#, #"corral_workspaces{state="active"} 1"#,
            #"corral_sessions{status="active"} 1"#, #"corral_workspace_info{workspace="w0",name="a \"name\"\n\\"} 1"#,
            #"corral_figure_unavailable{figure="io"} 1"#, "corral_instance_cpu_seconds_total 1.5",
            #"corral_session_memory_bytes{workspace="w0",session="s0x0"} 4096"#,
            #"corral_session_pressure_seconds_total{workspace="w0",session="s0x0",resource="cpu",tasks="some"} 2"#,
            #"corral_instance_frozen 0"#,
        ]
        for line in expected { #expect(lines.contains(line), "\(line)") }
        #expect(
            !lines.contains { $0.hasPrefix("corral_workspace_cpu_seconds_total{") },
            "nothing runs in it: no figure is 0")
        #expect(!lines.contains { $0.hasPrefix("corral_instance_swap_bytes ") })
        #expect(!lines.contains { $0.hasPrefix("corral_instance_tasks ") })
    }

    @Test func `are in the format of Prometheus`() {
        let text = MetricsText.text(stats(workspaces: 3, sessions: 2), version: "1.0")
        var declared: Set<Substring> = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                #expect(words.count == 4 && ["gauge", "counter"].contains(words[3]))
                #expect(declared.insert(words[2]).inserted, "\(words[2]) is declared once")
            } else if !line.hasPrefix("# HELP ") {
                let name = line.prefix { $0 != "{" && $0 != " " }
                #expect(declared.contains(name), "\(line)")
                #expect(Double(line[(line.lastIndex(of: " " as Character)!)...].dropFirst()) != nil, "\(line)")
            }
        }
        #expect(text.hasSuffix("\n"))
    }

    @Test func `have a bounded number of labels (I8)`() {
        let text = MetricsText.text(stats(workspaces: 2, sessions: 600), version: "1.0")
        let samples = text.split(separator: "\n").filter { $0.hasPrefix("corral_session_members{") }
        #expect(samples.count == MetricsText.seriesLimit)
        #expect(text.contains(#"corral_omitted{what="sessions"} 200"#))
        #expect(text.contains(#"corral_omitted{what="workspaces"} 0"#))
    }
}
