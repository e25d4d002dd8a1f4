import ArgumentParser
import HostProtocol

/// The limits that a workspace and a session can have.
struct LimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Memory at most, such as 512M or 4G, or infinity.", valueName: "bytes"))
    var memoryMax: String?

    @Option(help: ArgumentHelp("Memory beyond which it is slowed down, or infinity.", valueName: "bytes"))
    var memoryHigh: String?

    @Option(
        help: ArgumentHelp("Processor time at most, of one processor: 200% are two, or infinity.", valueName: "percent")
    )
    var cpuQuota: String?

    @Option(help: ArgumentHelp("Share of the processors beside others, 1 to 10000, or default.", valueName: "weight"))
    var cpuWeight: String?

    @Option(help: ArgumentHelp("Processes and threads at most, or infinity.", valueName: "count"))
    var tasksMax: String?

    @Option(help: ArgumentHelp("Share of the disks beside others, 1 to 10000, or default.", valueName: "weight"))
    var ioWeight: String?

    /// What is asked for; nil when nothing is.
    var request: LimitsRequest? {
        let request = LimitsRequest(
            memoryMax: memoryMax.map { LimitValue($0) }, memoryHigh: memoryHigh.map { LimitValue($0) },
            cpuQuota: cpuQuota.map { LimitValue($0) }, cpuWeight: cpuWeight.map { LimitValue($0) },
            tasksMax: tasksMax.map { LimitValue($0) }, ioWeight: ioWeight.map { LimitValue($0) })
        return request == LimitsRequest() ? nil : request
    }
}
