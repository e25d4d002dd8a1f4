internal import CSystemd
import Glibc

/// What was handed to this process: sockets that systemd listens on for it, and descriptors that an earlier process had stored.
///
/// See: sd_listen_fds_with_names(3), systemd.service(5) `FileDescriptorStoreMax=`
public struct InheritedDescriptors: ~Copyable {
    /// One of them.
    public struct Descriptor: ~Copyable {
        /// The name that it was stored under, or the socket unit's.
        public let name: String
        public let descriptor: OwnedFileDescriptor

        /// Gives the descriptor up.
        public consuming func release() -> OwnedFileDescriptor { descriptor }
    }

    private var numbers: [(name: String, raw: CInt)]

    /// None.
    public init() { numbers = [] }

    /// Takes all of them over. To be called once, before anything else opens descriptors; they are closed on exec from then on.
    public static func take() -> InheritedDescriptors {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        var all = InheritedDescriptors()
        guard count > 0 else { return all }
        for index in 0..<Int(count) {
            let name = names?[index].map { String(cString: $0) } ?? ""
            all.numbers.append((name, CInt(SD_LISTEN_FDS_START) + CInt(index)))
            free(names?[index])
        }
        free(names)
        return all
    }

    /// How many are left.
    public var count: Int { numbers.count }

    /// The next one, nil after the last.
    public mutating func next() -> Descriptor? {
        guard !numbers.isEmpty else { return nil }
        let (name, raw) = numbers.removeFirst()
        return Descriptor(name: name, descriptor: OwnedFileDescriptor(adopting: raw))
    }

    deinit {
        for (_, raw) in numbers { close(raw) }
    }
}
