import ArgumentParser
import FoundationEssentials
import HostClient

/// Which host is meant, or which hosts. Given before the verb or after it.
struct HostPlaces: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The host of another machine, through ssh: ssh://[user@]machine[:port][/path/of/socket], or a name that ssh knows. Else $CORRAL_HOST.",
            valueName: "address"))
    var host: String?

    @Option(
        help: ArgumentHelp(
            "Several hosts, for `workspace list` and `session list`; `local` is the one of this machine.",
            valueName: "address,…"))
    var hosts: String?

    @Option(
        help: ArgumentHelp(
            "The socket of a host of this machine. Else $CORRAL_SOCKET, else the one in the runtime directory.",
            valueName: "path"))
    var socket: String?

    /// Whether the host that systemd runs here as a unit is meant, by default.
    var isOwnHost: Bool {
        let environment = ProcessInfo.processInfo.environment
        return host == nil && hosts == nil && socket == nil
            && ["CORRAL_HOST", "CORRAL_SOCKET"].allSatisfy { environment[$0, default: ""].isEmpty }
    }

    func validate() throws {
        guard [host, hosts, socket].compactMap({ $0 }).count <= 1 else {
            throw ValidationError("Give one of --host, --hosts and --socket.")
        }
        do throws(HostAddress.Failure) {
            if let host { _ = try HostAddress(host) }
            for name in names ?? [] where name != Self.local { _ = try HostAddress(name) }
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private static let local = "local"

    private var names: [String]? {
        hosts?.split(separator: "," as Character, omittingEmptySubsequences: false).map(String.init)
    }

    /// The one host that is meant.
    /// - Throws: ``SocketPath/Failure`` when the environment does not tell; a usage error for several.
    func client() throws -> HostClient {
        guard hosts == nil else {
            throw ValidationError("--hosts goes with `workspace list` and `session list`.")
        }
        return HostClient(try address(ProcessInfo.processInfo.environment))
    }

    /// The one host of this machine that is meant.
    /// - Parameter verb: what is done there, for the refusal of another machine's.
    func localClient(_ verb: String) throws -> HostClient {
        let client = try client()
        guard case .ssh(let destination) = client.address else { return client }
        throw CommandFailure.refused(
            "`corral \(verb)` speaks to the systemd of this machine. On the other one: ssh \(destination.login) corral \(verb)"
        )
    }

    /// The hosts that are meant, by the names that were given for them; nil for a single one. One that has no address is no hindrance
    /// to the others.
    func clients() -> [(name: String, client: Result<HostClient, any Error>)]? {
        guard let names else { return nil }
        let environment = ProcessInfo.processInfo.environment
        return names.map { name in
            let client = Result {
                HostClient(
                    name == Self.local
                        ? .socket(path: try SocketPath.resolve(explicit: nil, environment: environment))
                        : try HostAddress(name))
            }
            return (name, client)
        }
    }

    /// What is given on the command line comes first, then `CORRAL_HOST`, then a host of this machine.
    func address(_ environment: [String: String]) throws -> HostAddress {
        if let host { return try HostAddress(host) }
        if socket == nil, let host = environment["CORRAL_HOST"], !host.isEmpty { return try HostAddress(host) }
        return .socket(path: try SocketPath.resolve(explicit: socket, environment: environment))
    }
}
