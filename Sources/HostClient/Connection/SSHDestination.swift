/// Another machine, as ssh is told of it.
public struct SSHDestination: Sendable, Hashable, CustomStringConvertible {
    /// `[user@]machine`.
    public let login: String
    /// Nil for what ssh's configuration says.
    public let port: UInt16?
    /// The socket on the other machine; nil for the one that `corral` finds there.
    public let socketPath: String?

    /// Reads what comes after `ssh://`.
    init(_ text: Substring, in whole: String) throws(HostAddress.Failure) {
        let parts = text.split(separator: "/" as Character, maxSplits: 1, omittingEmptySubsequences: false)
        socketPath = parts.count > 1 && !parts[1].isEmpty ? "/" + parts[1] : nil
        var login = parts.first ?? ""
        var port: UInt16?
        // A colon within brackets is an IPv6 address's.
        if let colon = login.lastIndex(of: ":"), !login[colon...].contains("]") {
            guard let number = UInt16(login[login.index(after: colon)...]), number > 0 else {
                throw HostAddress.failure(whole, "the port is a number from 1 to 65535")
            }
            port = number
            login = login[..<colon]
        }
        self.port = port
        // ssh takes an address without the brackets that a URL needs.
        if let open = login.firstIndex(of: "["), login.last == "]", login.suffix(from: open).dropFirst().contains(":") {
            self.login = String(login[..<open] + login[open...].dropFirst().dropLast())
        } else {
            self.login = String(login)
        }
        // A text that begins with `-` would be an option, and ssh hands machine and user to a shell of its own for ProxyCommand.
        let machine = self.login.split(separator: "@" as Character, omittingEmptySubsequences: false)
        guard machine.count <= 2, machine.allSatisfy({ !$0.isEmpty && !$0.hasPrefix("-") }),
            self.login.utf8.allSatisfy(Self.isPlain)
        else { throw HostAddress.failure(whole, "it names no machine") }
    }

    /// As it is typed.
    public var description: String {
        let machine = login.contains(":") ? "[\(login)]" : login
        return "ssh://\(machine)\(port.map { ":\($0)" } ?? "")\(socketPath ?? "")"
    }

    /// What ssh is started with.
    /// - Parameter mayAsk: Whether it may ask the user for a password.
    func arguments(mayAsk: Bool) -> [String] {
        // A machine that does not answer is given up: nobody can wait for TCP's own two minutes, or hours once connected.
        var arguments = [
            "-T", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3",
        ]
        if !mayAsk { arguments += ["-o", "BatchMode=yes"] }
        if let port { arguments += ["-p", "\(port)"] }
        arguments += ["--", login, "corral", "dial-stdio"]
        if let socketPath { arguments += ["--socket", Self.quoted(socketPath)] }
        return arguments
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "%"), UInt8(ascii: "+"):
            true
        default: false
        }
    }

    /// One word for the shell on the other machine.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'" as Character, omittingEmptySubsequences: false).joined(separator: #"'\''"#)
            + "'"
    }
}
