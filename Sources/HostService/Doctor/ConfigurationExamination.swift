import CgroupPty
import HostProtocol

/// Whether the configuration can be read as a host would read it now. One that runs goes by what it read when it started.
struct ConfigurationExamination {
    /// What is in force, or would be without the files when they are refused; nil when there is no saying.
    let configuration: HostConfiguration?
    /// What was found.
    let check: DoctorDocument.Check

    /// Reads it.
    /// - Parameter environment: the variables that say where things are.
    init(_ places: HostPlaces, options: [ConfigurationAssignment], environment: [String: String]) {
        let sources = places.sources(environment)
        do {
            let settled = try places.configuration(sources, options, environment)
            configuration = settled.configuration
            let found =
                settled.paths.isEmpty
                ? "there is none, and none is needed"
                : "\(settled.count) \(settled.count == 1 ? "key" : "keys") set, in \(settled.paths.joined(separator: ", "))"
            check = .init("configuration", .ok, found, from: sources.text)
        } catch let failure as ConfigurationFailure {
            configuration = Self.withoutFiles(places, options, environment)
            check = .init(
                "configuration", .failure,
                "refused, and no host starts with it: \(failure.problems.joined(separator: "; "))",
                from: sources.text, mend: "Correct it as corral.conf(5) says, then: corral host restart")
        } catch {
            configuration = nil
            check = .init(
                "configuration", .failure, "\(error)", from: sources.text,
                mend: "Give what is missing; without it nobody can tell where Corral's things are.")
        }
    }

    private static func withoutFiles(
        _ places: HostPlaces, _ options: [ConfigurationAssignment], _ environment: [String: String]
    ) -> HostConfiguration? {
        do {
            return try places.configuration(ConfigurationSources(directories: []), options, environment).configuration
        } catch {
            return nil
        }
    }
}
