import CgroupPty
import HostProtocol
import Reaper

/// Whom a delete saw inside the slice, or on its terminals, before it signalled anybody; as it is kept with the destroy row.
///
/// A number and a start name a process in one boot only, so what another boot has seen proves nothing.
struct DestroyWitnesses: Codable, Sendable {
    private let boot: String
    private let seen: EscapeWitnesses

    /// Takes down what was seen in this boot.
    init(_ seen: EscapeWitnesses, bootID: String) {
        self.seen = seen
        boot = bootID
    }

    /// What was seen, as far as it is of this boot.
    func seen(inBoot now: String) -> EscapeWitnesses { boot == now ? seen : EscapeWitnesses() }
}
