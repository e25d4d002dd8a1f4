import ArgumentParser

/// One variable of an environment as it is typed: `NAME=VALUE`.
struct EnvironmentArgument: ExpressibleByArgument, Equatable {
    /// The name, not empty.
    let name: String
    /// The value, possibly empty.
    let value: String

    /// Reads a name, the first `=`, and a value; nil without a name or a `=`.
    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else { return nil }
        name = String(argument[..<sign])
        value = String(argument[argument.index(after: sign)...])
    }
}
