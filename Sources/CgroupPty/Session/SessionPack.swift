import Glibc

/// What a session needs to outlive its service, in one descriptor: the terminal's master, the output ring and the pinned leader.
///
/// With the master the terminal is not hung up, with the ring no output is lost, and with the leader's pidfd its exit status
/// can be had from kernels that tell it (Linux 6.15), also when it ended while no service ran.
public enum SessionPack {
    /// What was in a pack, and fits the session.
    public struct Contents {
        public let terminal: PseudoTerminal
        public let ring: OutputRing
        public let leader: Pidfd
    }

    /// Why a pack cannot be used for a session.
    public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        public let description: String

        /// Makes a refusal from its reason.
        public init(description: String) { self.description = description }
    }

    /// Packs a session.
    /// - Throws: ``SystemCallFailure``: out of descriptors, or too many packs.
    public static func make(
        terminal: PseudoTerminal, ring: OutputRing, leader: Pidfd
    ) throws(SystemCallFailure) -> DescriptorPack {
        try ring.withMemory { memory throws(SystemCallFailure) in
            try DescriptorPack.make(terminal.master, memory, leader.descriptor)
        }
    }

    /// Takes out what is in a pack and holds it against what is on record; the pack stays as it is.
    /// - Parameters:
    ///   - session: whose ring it must be.
    ///   - device: the terminal's number on record, nil where none is.
    ///   - leader: the leader on record.
    /// - Throws: ``Refusal`` in words; nothing of the pack is held then.
    public static func open(
        _ pack: borrowing DescriptorPack, session: SessionID, device: UInt64?, leader: ProcessIdentity, procfs: Procfs
    ) throws(Refusal) -> Contents {
        let raw: [CInt]
        do { raw = try pack.contents() } catch { throw Refusal(description: "\(error)") }
        guard raw.count == 3 else {
            for descriptor in raw { _ = OwnedFileDescriptor(adopting: descriptor) }
            throw Refusal(description: "it holds \(raw.count) descriptors, not 3")
        }
        let master = OwnedFileDescriptor(adopting: raw[0])
        let memory = OwnedFileDescriptor(adopting: raw[1])
        let pidfd = Pidfd(adopting: raw[2], pid: leader.pid)
        do {
            let terminal = try PseudoTerminal.adopt(master)
            guard device == nil || device == terminal.device else {
                throw Refusal(description: "its terminal is another one")
            }
            guard try pidfd.pins(leader, in: procfs) else {
                throw Refusal(description: "its process is not the leader")
            }
            return Contents(
                terminal: terminal, ring: try OutputRing.adopt(memory, session: session), leader: pidfd)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(description: "\(error)")
        }
    }

    /// Whether the leader in a pack has not exited. What is no pack has none; one that cannot be read now answers nil.
    public static func leaderLives(_ pack: borrowing DescriptorPack) -> Bool? {
        do throws(SystemCallFailure) {
            let all = try pack.contents()
            defer { for descriptor in all.dropLast() { _ = OwnedFileDescriptor(adopting: descriptor) } }
            guard let last = all.last else { return nil }
            return try !Pidfd(adopting: last, pid: ProcessID(1)).hasExited()
        } catch {
            return error.errno == EBADMSG ? false : nil
        }
    }
}
