import CgroupPty

/// The configuration that is in force, put together from what Corral does by itself, the files, and the options, in this order.
public struct SettledConfiguration: Sendable {
    /// What counts.
    public private(set) var configuration: HostConfiguration
    /// The files that were read.
    let paths: [String]
    /// What Corral does by itself.
    private let defaults: HostConfiguration
    /// Who has set a key, by its id; nobody has set the others.
    private var origins: [String: ConfigurationAssignment.Origin] = [:]

    /// Reads the files and applies all of it, or nothing.
    /// - Parameters:
    ///   - options: what the command line says.
    ///   - machineID: the machine's.
    /// - Throws: ``ConfigurationFailure`` with all that is wrong; ``HostConfiguration/Failure`` when the environment does not say where
    ///   things are.
    init(
        _ sources: ConfigurationSources, options: [ConfigurationAssignment], runtimeDirectory: String?,
        environment: [String: String], machineID: String
    ) throws {
        let read = try sources.read()
        let assignments = read.assignments + options
        // Where a state directory is set, nobody need be able to find the usual one.
        let isPlaced = assignments.last { $0.key.name == "StateDirectory" }?.value.isEmpty == false
        defaults = try HostConfiguration(
            stateDirectory: isPlaced ? "/" : nil, runtimeDirectory: runtimeDirectory, environment: environment,
            machineID: machineID)
        configuration = defaults
        paths = read.paths
        var problems: [String] = []
        var isUsage = true
        for assignment in assignments {
            let key = assignment.key
            if assignment.value.isEmpty {
                key.reset(&configuration, defaults)
                origins[key.id] = nil
            } else if let refusal = key.take(assignment.value, &configuration) {
                problems.append(assignment.problem(refusal))
                isUsage = isUsage && assignment.isOption
            } else {
                origins[key.id] = assignment.origin
            }
        }
        guard problems.isEmpty else { throw ConfigurationFailure(problems: problems, isUsage: isUsage) }
    }

    /// How many keys the files set.
    var count: Int { origins.values.count { if case .file = $0 { true } else { false } } }

    /// All keys and what is in force, as a file that says the same: above each that is set who has set it, and as comments those that
    /// are as Corral has them by itself.
    public var text: String {
        var lines = paths.isEmpty ? ["# No file was read."] : paths.map { "# Read: \($0)" }
        var section: ConfigurationKey.Section?
        for key in ConfigurationKey.all {
            if key.section != section {
                section = key.section
                lines += ["", "[\(key.section.rawValue)]"]
            }
            let line = "\(key.name)=\(key.show(configuration))"
            if let origin = origins[key.id] {
                lines += ["# \(origin.text)", line]
            } else {
                lines.append("#\(line)")
            }
        }
        return lines.joined(separator: "\n")
    }
}
