import ArgumentParser

/// `corral status`, the same as `corral host status`.
struct StatusVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the host is; the same as `corral host status`.",
        discussion: """
            Example:
              corral status
            """
    )

    @OptionGroup var host: HostOptions

    func run() async throws {
        try await HostStatus.show(host)
    }
}
