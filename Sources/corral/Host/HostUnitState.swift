import Glibc

/// What systemd says of the host's unit, and of the socket unit that would start it, at one moment.
///
/// Who wants to stop a host asks this first, and not the socket: where `corral.socket` listens, a client that connects starts a host.
struct HostUnitState: Equatable {
    /// What is read of both units.
    static let properties = ["ActiveState", "MainPID", "UnitFileState", "Listen"]

    /// Whether the service runs, or is about to.
    var isActive: Bool
    /// The service's process, nil when there is none: also between two tries to start it.
    var mainPID: Int?
    /// Whether the socket unit listens, so that a client which connects starts the service.
    var socketIsActive: Bool
    /// Whether the socket unit listens from each login or boot on.
    var socketIsEnabled: Bool
    /// Where the socket unit listens; nil where there is none.
    var socketPath: String?

    /// Reads what `systemctl show` prints of service and socket, in this order, with an empty line in between.
    init(_ text: String) {
        var units: [[String: String]] = [[:]]
        for line in text.split(separator: "\n" as Character, omittingEmptySubsequences: false) {
            guard let sign = line.firstIndex(of: "=") else {
                units.append([:])
                continue
            }
            units[units.count - 1][String(line[..<sign])] = String(line[line.index(after: sign)...])
        }
        let service = units[0]
        let socket = units.dropFirst().first ?? [:]
        isActive = Self.isActive(service)
        mainPID = service["MainPID"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
        socketIsActive = Self.isActive(socket)
        socketIsEnabled = socket["UnitFileState", default: ""].hasPrefix("enabled")
        // `Listen=/run/user/1000/corral/corral.sock (Stream)`
        socketPath = socket["Listen"].flatMap { listen in
            listen.hasSuffix(" (Stream)") ? String(listen.dropLast(" (Stream)".count)) : nil
        }
    }

    /// Whether whoever connects at a path reaches the socket unit, and so starts the service.
    ///
    /// By the file and not by the path, which may be another one to the same place.
    ///
    /// See: stat(2)
    func isSocket(at path: String) -> Bool {
        guard socketIsActive, let socketPath else { return false }
        var unit = stat()
        var other = stat()
        return stat(socketPath, &unit) == 0 && stat(path, &other) == 0 && unit.st_dev == other.st_dev
            && unit.st_ino == other.st_ino
    }

    private static func isActive(_ unit: [String: String]) -> Bool {
        ["active", "activating", "reloading", "deactivating"].contains(unit["ActiveState"])
    }
}
