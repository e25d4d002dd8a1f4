import HostProtocol

/// Whether the configuration can be read as a host would read it now. One that runs goes by what it read when it started.
struct ConfigurationExamination {
    /// What is in force, or would be without the files when they are refused.
    let configuration: HostConfiguration
    /// What was found.
    let check: DoctorDocument.Check

    /// Reads it.
    /// - Throws: ``HostConfiguration/Failure`` when the environment does not say where things are.
    init(_ places: HostPlaces, options: [ConfigurationAssignment]) throws {
        let source = places.sources.text
        do {
            let settled = try places.configuration(options: options)
            configuration = settled.configuration
            let found =
                settled.paths.isEmpty
                ? "there is none, and none is needed"
                : "\(settled.count) keys set, in \(settled.paths.joined(separator: ", "))"
            check = .init("configuration", .ok, found, from: source)
        } catch let failure as ConfigurationFailure {
            configuration = try places.configurationWithoutFiles(options: options)
            check = .init(
                "configuration", .failure,
                "refused, and no host starts with it: \(failure.problems.joined(separator: "; "))",
                from: source, mend: "Correct it as corral.conf(5) says, then: corral host restart")
        }
    }
}
