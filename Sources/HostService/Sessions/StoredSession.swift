import CgroupPty

/// What the manager has kept of a session of an earlier host, in one descriptor.
///
/// It is matched with the row and the kernel before anything is made of it: another terminal, another process or a ring that cannot
/// be trusted is refused, and the session's terminal is lost.
final class StoredSession: Sendable {
    private let pack: DescriptorPack
    /// Whose it is, by the name that it was stored under.
    let session: SessionID

    /// Takes over a descriptor if its name is one of ours.
    init?(_ descriptor: consuming InheritedDescriptors.Descriptor) {
        guard let session = Self.session(of: descriptor.name) else { return nil }
        self.session = session
        pack = DescriptorPack(adopting: descriptor.release())
    }

    /// The name that a session's descriptor is stored under.
    static func name(of session: SessionID) -> String { "session-\(session)" }

    private static func session(of name: String) -> SessionID? {
        name.hasPrefix("session-") ? SessionID(String(name.dropFirst("session-".count))) : nil
    }

    /// Opens it for the session on record.
    /// - Throws: ``SessionPack/Refusal`` in words.
    func open(
        device: UInt64?, leader: ProcessIdentity, procfs: Procfs
    ) throws(SessionPack.Refusal) -> sending SessionPack.Contents {
        try SessionPack.open(pack, session: session, device: device, leader: leader, procfs: procfs)
    }

    /// A second descriptor of it.
    /// - Throws: ``SystemCallFailure`` from `fcntl`: out of descriptors.
    func duplicate() throws(SystemCallFailure) -> OwnedFileDescriptor { try pack.duplicate() }

    /// Whether its leader has not exited; nil when that cannot be known.
    var leaderLives: Bool? { SessionPack.leaderLives(pack) }
}
