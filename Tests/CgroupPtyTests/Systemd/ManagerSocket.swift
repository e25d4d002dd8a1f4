// Where it is imported anywhere in a module, what sys/socket.h declares is seen through it alone.
import CSystemd
import CgroupPty
import Foundation
import TestSupport

/// A socket where a user's manager would have its private one, in a runtime directory of its own.
final class ManagerSocket: Sendable {
    private let directory: TemporaryDirectory
    private let listener: OwnedFileDescriptor

    /// Listens.
    init() throws {
        directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/systemd", withIntermediateDirectories: true)
        let raw = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        listener = OwnedFileDescriptor(adopting: raw)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: (directory.path + "/systemd/private").utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(raw, 64) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    /// The environment in which a `SystemdManager` of kind `user` comes here.
    var environment: [String: String] { ["XDG_RUNTIME_DIR": directory.path] }

    /// Takes the next connection, which is the caller's to close; nil once it was stopped.
    func accept() -> CInt? {
        let raw = listener.withRawValue { Glibc.accept($0, nil, nil) }
        return raw >= 0 ? raw : nil
    }

    /// Ends both directions of a connection.
    static func hangUp(_ raw: CInt) { shutdown(raw, Int32(SHUT_RDWR)) }

    /// Takes no more connections.
    func stop() { listener.withRawValue { Self.hangUp($0) } }
}
