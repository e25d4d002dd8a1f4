import Glibc

/// What stands for something else in a path of the configuration: `%h` for the user's home directory, `%U` for the number of the user,
/// `%m` for the machine's id, `%%` for a per cent sign. So one line in /etc can be true for every user.
///
/// See: systemd.unit(5) "Specifiers"
enum PathSpecifiers {
    /// The path with what its specifiers stand for; nil when one is not known, or nothing is there that it stands for.
    static func expand(_ path: String, _ configuration: HostConfiguration) -> String? {
        var expanded = ""
        var rest = path[...]
        while let character = rest.popFirst() {
            guard character == "%" else {
                expanded.append(character)
                continue
            }
            let meant: String? =
                switch rest.popFirst() {
                case "h": configuration.environment["HOME"]
                case "U": "\(geteuid())"
                case "m": configuration.machineID
                case "%": "%"
                default: nil
                }
            guard let meant else { return nil }
            expanded += meant
        }
        return expanded
    }
}
