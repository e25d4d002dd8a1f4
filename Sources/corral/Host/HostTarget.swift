import FoundationEssentials
import HostClient
import HostProtocol

/// The host that a verb which acts on the unit would act on. One manager has one such unit, and a socket may be any host's.
enum HostTarget {
    /// The unit's own process has answered.
    case answering(StatusDocument, HostUnitState)
    /// The unit runs and does not answer at its socket: its process hangs, cannot start, or has lost the socket's file.
    case silent(HostUnitState)
    /// No host runs; `corral.socket` starts one for whoever connects, so nobody did.
    case awaitingClient(HostUnitState)
    /// No host runs.
    case absent

    /// How long the unit's host is waited for. One that works answers in milliseconds.
    private static let patience = Duration.seconds(5)

    /// Finds out which host is meant, without starting one.
    /// - Parameters:
    ///   - places: where the user looks for it.
    ///   - verb: what is to be done, for messages: `host stop`.
    /// - Throws: ``CommandFailure/refused(_:)`` when the host at that socket is not the unit's, or when nobody there says whose it is.
    static func find(_ places: HostPlaces, _ unit: HostUnit, verb: String) async throws -> HostTarget {
        let client = try places.localClient(verb)
        let path = "\(client.address)"
        let before = try unit.look()
        if !before.isActive, before.isSocket(at: path) { return .awaitingClient(before) }
        let status = try await ask(client, mayBeSilent: before.isActive)
        // Once more: it may have been started again in between.
        let state = try unit.look()
        if let status {
            guard state.isActive, status.pid == state.mainPID else {
                throw CommandFailure.refused(refusal(of: status.pid, at: path, unit, verb))
            }
            return .answering(status, state)
        }
        guard state.isActive else { return .absent }
        guard places.isOwnHost else {
            throw CommandFailure.refused(
                """
                No host answers at \(path), so it is not known whether that is \(HostUnit.name), which `corral \(verb)` acts on. \
                Nothing was done. Without --socket and CORRAL_SOCKET the unit is meant.
                """
            )
        }
        return .silent(state)
    }

    /// The status of a host that answers, nil when none listens, or the unit's that may be silent does not answer.
    private static func ask(_ client: HostClient, mayBeSilent: Bool) async throws -> StatusDocument? {
        do {
            return try await client.status(timeout: patience)
        } catch HostClientFailure.unreachable {
            return nil
        } catch HostClientFailure.timedOut where mayBeSilent {
            return nil
        }
    }

    private static func refusal(of pid: Int, at path: String, _ unit: HostUnit, _ verb: String) -> String {
        let action = verb.split(separator: " " as Character).last ?? ""
        let advice =
            if let service = service(of: pid, isUser: unit.isUser) {
                "It is \(service): `systemctl \(unit.isUser ? "--user " : "")\(action) \(service)` is for that one."
            } else {
                "systemd keeps nothing for it: stop it where it was started; its sessions end with it."
            }
        return """
            The host at \(path) (pid \(pid)) is not \(HostUnit.name), which `corral \(verb)` acts on. Nothing was done. \(advice)
            """
    }

    /// The service of our manager that a process belongs to, for the advice; nil when it is in none.
    ///
    /// See: cgroups(7), "/proc/pid/cgroup"
    private static func service(of pid: Int, isUser: Bool) -> String? {
        let text: String
        do { text = try String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8) } catch { return nil }
        return service(inCgroups: text, isUser: isUser)
    }

    /// The service that the lines of `/proc/PID/cgroup` name, if it is of the user's manager or of the system's, as is asked for.
    static func service(inCgroups text: String, isUser: Bool) -> String? {
        let line = text.split(separator: "\n" as Character).first { $0.hasPrefix("0::/") }
        let parts = line?.split(separator: "/" as Character) ?? []
        guard let last = parts.last, last.hasSuffix(".service"),
            parts.dropLast().contains(where: { $0.hasPrefix("user@") && $0.hasSuffix(".service") }) == isUser
        else { return nil }
        return String(last)
    }
}
