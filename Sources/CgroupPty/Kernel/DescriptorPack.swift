internal import CSystemd
import Glibc

/// Several descriptors behind one, so that a manager that keeps descriptors has to keep few.
///
/// Storing is quadratic in the manager's number of descriptors. A pack is a socket in whose queue a message with duplicates waits:
/// whoever has the socket can take them out, any number of times.
/// See: unix(7), `SCM_RIGHTS`
public struct DescriptorPack: ~Copyable, Sendable {
    private let socket: OwnedFileDescriptor

    /// Takes over what may be a pack.
    public init(adopting socket: consuming OwnedFileDescriptor) { self.socket = socket }

    /// Packs duplicates.
    /// - Throws: ``SystemCallFailure`` from `socketpair` or `sendmsg`; `ETOOMANYREFS` when this user has too many descriptors in
    ///   such queues.
    static func make(
        _ first: borrowing OwnedFileDescriptor, _ second: borrowing OwnedFileDescriptor,
        _ third: borrowing OwnedFileDescriptor
    ) throws(SystemCallFailure) -> DescriptorPack {
        let raw = first.withRawValue { first in
            second.withRawValue { second in third.withRawValue { corral_pack([first, second, $0], 3) } }
        }
        guard raw >= 0 else { throw SystemCallFailure(call: "sendmsg(SCM_RIGHTS)", subject: "pack", errno: -raw) }
        return DescriptorPack(adopting: OwnedFileDescriptor(adopting: raw))
    }

    /// Duplicates what is in the pack, numbers that the caller must adopt; nothing is taken out.
    /// - Throws: ``SystemCallFailure``, `EBADMSG` when it is no pack, `EMFILE` when there is no room for all of it.
    func contents() throws(SystemCallFailure) -> [CInt] {
        var found = [CInt](repeating: -1, count: Int(CORRAL_PACK_LIMIT))
        let count = socket.withRawValue { corral_unpack($0, &found) }
        guard count > 0 else { throw SystemCallFailure(call: "recvmsg(SCM_RIGHTS)", subject: "pack", errno: -count) }
        return Array(found.prefix(Int(count)))
    }

    /// A second descriptor of the same pack.
    /// - Throws: ``SystemCallFailure`` from `fcntl`: out of descriptors.
    public func duplicate() throws(SystemCallFailure) -> OwnedFileDescriptor { try socket.duplicate() }

    /// Gives the socket up.
    public consuming func release() -> OwnedFileDescriptor { socket }
}
