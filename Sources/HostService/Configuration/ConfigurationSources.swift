import CgroupPty
import Glibc

/// The files that the configuration is read from, and the order in which they count.
///
/// In each directory `corral.conf`, then all of `corral.conf.d/*.conf` by their names; a later one wins. Files that begin with a dot are
/// no drop-ins, as with systemd.
///
/// See: systemd-system.conf(5) "CONFIGURATION DIRECTORIES AND PRECEDENCE"; XDG base directory specification
struct ConfigurationSources: Sendable {
    /// Directories, the ones that count less first.
    private let directories: [String]
    /// Read instead of all others.
    private let only: String?

    /// Those of a directory each, in the order given.
    init(directories: [String]) {
        self.directories = directories
        only = nil
    }

    /// One file and no other.
    init(only path: String) {
        directories = []
        only = path
    }

    /// Those of a manager: `/etc/corral`, and for a user's also `$XDG_CONFIG_HOME/corral`, which is `~/.config/corral` usually.
    init(_ manager: ManagerKind, environment: [String: String]) {
        var directories = ["/etc/corral"]
        if manager == .user {
            // A relative one is to be ignored, says the specification.
            let named = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            if let base = named ?? environment["HOME"].map({ $0 + "/.config" }) {
                directories.append(base + "/corral")
            }
        }
        self.init(directories: directories)
    }

    /// For a message: where one would look for them.
    var text: String { only ?? directories.map { "\($0)/corral.conf" }.joined(separator: ", ") }

    /// Reads all of them.
    /// - Returns: The paths of those that are there, and what they say, in the order in which it counts.
    /// - Throws: ``ConfigurationFailure`` with all that is wrong with any of them, except for values.
    func read() throws(ConfigurationFailure) -> (paths: [String], assignments: [ConfigurationAssignment]) {
        var (paths, assignments, problems): ([String], [ConfigurationAssignment], [String]) = ([], [], [])
        func take(_ path: String) -> Bool {
            guard let file = ConfigurationFile(path: path) else { return false }
            paths.append(path)
            assignments += file.assignments
            problems += file.problems
            return true
        }
        if let only, !take(only) { problems.append("\(only): there is no such file") }
        for directory in directories {
            _ = take("\(directory)/corral.conf")
            do throws(SystemCallFailure) {
                for path in try Self.dropIns("\(directory)/corral.conf.d") { _ = take(path) }
            } catch {
                problems.append("\(error)")
            }
        }
        guard problems.isEmpty else { throw ConfigurationFailure(problems: problems, isUsage: false) }
        return (paths, assignments)
    }

    private static func dropIns(_ directory: String) throws(SystemCallFailure) -> [String] {
        let names: [String]
        do throws(SystemCallFailure) {
            names = try DirectoryListing.names(path: directory)
        } catch {
            if error.errno == ENOENT { return [] }
            throw error
        }
        return names.filter { $0.hasSuffix(".conf") && !$0.hasPrefix(".") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(directory)/\($0)" }
    }
}
