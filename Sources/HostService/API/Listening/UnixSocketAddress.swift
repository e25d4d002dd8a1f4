import Glibc

/// The address of a Unix socket with a path.
///
/// See: unix(7)
struct UnixSocketAddress: Sendable {
    /// Bytes of the longest path: `sun_path` less its NUL.
    static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    private var address: sockaddr_un

    /// Makes an address; nil when the path is empty, too long, or holds a NUL.
    init?(path: String) {
        guard (1...Self.longestPath).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
        address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    }

    /// Lends the address for a call.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
