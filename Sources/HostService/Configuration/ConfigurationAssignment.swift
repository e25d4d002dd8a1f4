import CgroupPty

/// One setting as somebody has made it: a line of a file, or an option of the command line.
public struct ConfigurationAssignment: Sendable {
    /// Who says so.
    enum Origin: Sendable, Equatable {
        case file(String, line: Int)
        /// By its name, with the dashes.
        case option(String)

        /// For a person who looks for it.
        var text: String {
            switch self {
            case .file(let path, let line): "\(path):\(line)"
            case .option(let name): name
            }
        }
    }

    let key: ConfigurationKey
    /// As it was written; empty to go back to what Corral does by itself.
    let value: String
    let origin: Origin

    /// Whether the command line says it.
    var isOption: Bool { if case .option = origin { true } else { false } }

    /// What is wrong with it, in words.
    func problem(_ refusal: String) -> String {
        switch origin {
        case .file: "\(origin.text): \(key.name)= \(refusal)"
        case .option: "\(origin.text) \(refusal)"
        }
    }

    /// An option that stands for a key.
    /// - Parameter option: its name, with the dashes.
    /// - Returns: nil when the option was not given.
    /// - Precondition: a key names the option.
    public static func option(_ option: String, _ value: String?) -> ConfigurationAssignment? {
        guard let value, let key = ConfigurationKey.all.first(where: { $0.option == option }) else { return nil }
        return ConfigurationAssignment(key: key, value: value, origin: .option(option))
    }
}

extension [ConfigurationAssignment] {
    /// Options such as `--workspace-default memory-max=4G`, which stand for a key each; of one that is given twice the last counts.
    /// - Throws: ``ConfigurationFailure`` when no limit is named.
    public static func limits(
        _ items: [String], option: String
    ) throws(ConfigurationFailure) -> Self {
        var assignments: Self = []
        var problems: [String] = []
        for item in items {
            let parts = item.split(separator: "=" as Character, maxSplits: 1, omittingEmptySubsequences: false)
            let name = "\(option) \(parts[0])"
            if parts.count == 2, let assignment = ConfigurationAssignment.option(name, String(parts[1])) {
                assignments.append(assignment)
            } else {
                let names = ResourceLimit.allCases.map(\.optionName).joined(separator: ", ")
                problems.append("\(option) \(item): LIMIT=VALUE is wanted, LIMIT one of \(names)")
            }
        }
        guard problems.isEmpty else { throw ConfigurationFailure(problems: problems, isUsage: true) }
        return assignments
    }
}
