/// Where a host is: at a Unix socket of this machine, or at one of another machine that ssh reaches.
public enum HostAddress: Sendable, Hashable, CustomStringConvertible {
    case socket(path: String)
    case ssh(SSHDestination)

    /// Why a text is no address.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// What was given, what is wrong with it, what would be right.
        public let description: String
    }

    /// Reads `ssh://[user@]machine[:port][/path]`, `unix:///path`, or `[user@]machine`, which is ssh's too.
    ///
    /// A machine is anything that ssh knows, also a name of `~/.ssh/config`. The path is that of the socket on the other machine.
    public init(_ text: String) throws(Failure) {
        if text.isEmpty { throw Self.failure(text, "it is empty") }
        if text.hasPrefix("unix://") {
            let path = String(text.dropFirst("unix://".count))
            guard path.hasPrefix("/") else { throw Self.failure(text, "the path of a socket is absolute") }
            self = .socket(path: path)
        } else if text.hasPrefix("ssh://") {
            self = .ssh(try SSHDestination(text.dropFirst("ssh://".count), in: text))
        } else {
            guard !text.contains("/"), !text.contains(":") else {
                throw Self.failure(text, "only ssh:// and unix:// are known")
            }
            self = .ssh(try SSHDestination(text[...], in: text))
        }
    }

    /// As it is typed.
    public var description: String {
        switch self {
        case .socket(let path): path
        case .ssh(let destination): destination.description
        }
    }

    /// Whether paths of this machine mean nothing there.
    public var isRemote: Bool {
        switch self {
        case .socket: false
        case .ssh: true
        }
    }

    /// How long to wait before a connection that broke is tried again: a host that restarts is back after some milliseconds, and
    /// each try by ssh costs two processes and a login.
    public var retryPause: Duration {
        switch self {
        case .socket: .milliseconds(20)
        case .ssh: .seconds(1)
        }
    }

    static func failure(_ text: String, _ reason: String) -> Failure {
        Failure(
            description:
                "\"\(text)\" is no address of a host: \(reason). Give ssh://[user@]machine[:port][/path/of/socket], a name that ssh knows, or unix:///path/of/socket."
        )
    }
}
