import HostProtocol

/// Figures in the text format of Prometheus.
///
/// Labels are ids and words of this file, and their number is bounded: at most ``seriesLimit`` workspaces and as many sessions, the oldest
/// first; how many are left out is a metric of its own. A figure that could not be had has no sample.
///
/// See: https://prometheus.io/docs/instrumenting/exposition_formats/
struct MetricsText {
    /// Workspaces, and sessions, that have samples of their own. Some 20 samples each.
    static let seriesLimit = 1000

    private var text = ""

    /// Writes all.
    /// - Parameter status: of the sessions, how many have each.
    static func text(_ stats: StatsDocument, version: String) -> String {
        var metrics = MetricsText()
        metrics.writeHost(stats, version)
        let workspaces = stats.workspaces.prefix(seriesLimit)
        let sessions = stats.workspaces.flatMap { workspace in workspace.sessions.map { (workspace.id, $0) } }
        metrics.family("corral_omitted", "gauge", "Workspaces and sessions that are too many to have samples here.")
        metrics.sample("corral_omitted", #"{what="workspaces"}"#, Double(stats.workspaces.count - workspaces.count))
        metrics.sample("corral_omitted", #"{what="sessions"}"#, Double(max(0, sessions.count - seriesLimit)))
        metrics.writeFigures("corral_instance", [("", stats.figures)])
        metrics.writeFigures(
            "corral_workspace", workspaces.map { (#"workspace="\#($0.id)""#, $0.figures) })
        metrics.writeFigures(
            "corral_session",
            sessions.prefix(seriesLimit).map { (#"workspace="\#($0.0)",session="\#($0.1.id)""#, $0.1.figures) })
        return metrics.text
    }

    private mutating func writeHost(_ stats: StatsDocument, _ version: String) {
        family("corral_build_info", "gauge", "The version of the host, and its instance.")
        sample("corral_build_info", #"{version="\#(Self.escaped(version))",instance="\#(stats.instance)"}"#, 1)
        family("corral_workspaces", "gauge", "Workspaces, by their state.")
        for (state, count) in Self.counts(stats.workspaces.map(\.state.rawValue)) {
            sample("corral_workspaces", #"{state="\#(state)"}"#, Double(count))
        }
        family("corral_sessions", "gauge", "Sessions that have not ended, by their status.")
        for (status, count) in Self.counts(stats.workspaces.flatMap { $0.sessions.map(\.status.rawValue) }) {
            sample("corral_sessions", #"{status="\#(status)"}"#, Double(count))
        }
        family("corral_workspace_info", "gauge", "The name of a workspace.")
        for workspace in stats.workspaces.prefix(Self.seriesLimit) {
            sample(
                "corral_workspace_info", #"{workspace="\#(workspace.id)",name="\#(Self.escaped(workspace.name))"}"#, 1)
        }
        family("corral_figure_unavailable", "gauge", "Figures that cannot be had here; GET /v1/stats says why.")
        for figure in stats.unavailable.keys.sorted() {
            sample("corral_figure_unavailable", #"{figure="\#(figure)"}"#, 1)
        }
    }

    private static func counts(_ words: [String]) -> [(String, Int)] {
        Dictionary(grouping: words, by: { $0 }).map { ($0.key, $0.value.count) }.sorted { $0.0 < $1.0 }
    }

    /// One metric of figures: its name behind that of what it is of, what it is, and its samples.
    private struct Metric: Sendable {
        let name: String
        let kind: String
        let help: String
        /// Further labels, and the value; nothing where it could not be had.
        let values: @Sendable (FiguresDocument) -> [(labels: String, value: Double)]

        init(_ name: String, _ kind: String, _ help: String, _ value: @escaping @Sendable (FiguresDocument) -> Double?)
        {
            self.init(name, kind, help, each: { figures in value(figures).map { [("", $0)] } ?? [] })
        }

        init(
            _ name: String, _ kind: String, _ help: String,
            each values: @escaping @Sendable (FiguresDocument) -> [(labels: String, value: Double)]
        ) {
            (self.name, self.kind, self.help, self.values) = (name, kind, help, values)
        }
    }

    private static func seconds(_ microseconds: Int64?) -> Double? { microseconds.map { Double($0) / 1e6 } }

    @Sendable private static func stalls(_ figures: FiguresDocument) -> [(labels: String, value: Double)] {
        [("cpu", figures.cpuPressure), ("memory", figures.memoryPressure), ("io", figures.ioPressure)]
            .flatMap { resource, pressure in
                [("some", pressure?.some), ("full", pressure?.full)].compactMap { kind, stall in
                    stall.map { (#"resource="\#(resource)",tasks="\#(kind)""#, Double($0.totalUsec) / 1e6) }
                }
            }
    }

    private static let metrics: [Metric] = [
        Metric("cpu_seconds_total", "counter", "Processor time.") { seconds($0.cpu?.usageUsec) },
        Metric("cpu_throttled_seconds_total", "counter", "Time that a quota did not let it run.") {
            seconds($0.cpu?.throttledUsec)
        },
        Metric("memory_bytes", "gauge", "Memory, with the page cache.") { $0.memory.map { Double($0.current) } },
        Metric("memory_peak_bytes", "gauge", "The most memory that it ever had.") {
            $0.memory?.peak.map { Double($0) }
        },
        Metric("swap_bytes", "gauge", "Memory in swap.") { $0.memory?.swap.map { Double($0) } },
        Metric("oom_kills_total", "counter", "Processes ended since there was no memory.") {
            $0.memory?.oomKills.map { Double($0) }
        },
        Metric("tasks", "gauge", "Processes and threads.") { $0.tasks.map { Double($0.current) } },
        Metric("tasks_refused_total", "counter", "Forks that the limit refused.") {
            $0.tasks?.refused.map { Double($0) }
        },
        Metric("members", "gauge", "Processes.") { $0.members.map { Double($0) } },
        Metric("io_read_bytes_total", "counter", "Bytes read from disks.") { $0.io.map { Double($0.readBytes) } },
        Metric("io_written_bytes_total", "counter", "Bytes written to disks.") {
            $0.io.map { Double($0.writtenBytes) }
        },
        Metric("frozen", "gauge", "Whether it is frozen.") { $0.frozen.map { $0 ? 1 : 0 } },
        Metric("frozen_seconds_total", "counter", "Time that it was frozen.") { seconds($0.frozenUsec) },
        Metric(
            "pressure_seconds_total", "counter", "Time in which some or all tasks waited for a resource.", each: stalls),
    ]

    private mutating func writeFigures(_ prefix: String, _ figures: [(labels: String, figures: FiguresDocument)]) {
        for metric in Self.metrics {
            let name = "\(prefix)_\(metric.name)"
            family(name, metric.kind, metric.help)
            for (labels, figures) in figures {
                for (more, value) in metric.values(figures) {
                    let all = labels.isEmpty || more.isEmpty ? labels + more : "\(labels),\(more)"
                    sample(name, all.isEmpty ? "" : "{\(all)}", value)
                }
            }
        }
    }

    private mutating func family(_ name: String, _ kind: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
    }

    private mutating func sample(_ name: String, _ labels: String, _ value: Double) {
        text += name
        text += labels
        text += " "
        text += Int64(exactly: value).map { String($0) } ?? String(value)
        text += "\n"
    }

    /// A text as a label's value.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += #"\\"#
            case "\"": escaped += #"\""#
            case "\n": escaped += #"\n"#
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
