import Glibc
import NIOCore
import NIOPosix

/// Opens connections to the host's socket.
struct HostConnector: Sendable {
    /// The socket.
    let path: String
    /// Where the channels live.
    let loop: ClientLoop

    /// Connects, waiting while the host's queue of connections is full.
    ///
    /// A Unix socket whose queue is full answers `EAGAIN` at once where TCP would wait; that is asked again until the
    /// deadline.
    ///
    /// See: connect(2)
    /// - Throws: ``HostClientFailure/unreachable(path:why:)``, with the kernel's words.
    func connect(by deadline: NIODeadline) async throws(HostClientFailure) -> any Channel {
        while true {
            do {
                return try await ClientBootstrap(group: loop.group).connect(unixDomainSocketPath: path).get()
            } catch let error as IOError {
                guard error.errnoCode == EAGAIN, NIODeadline.now() < deadline else {
                    throw .unreachable(path: path, why: String(cString: strerror(error.errnoCode)))
                }
            } catch is SocketAddressError {
                throw .unreachable(path: path, why: "the path is longer than the 107 bytes that a socket's can have")
            } catch {
                throw .unreachable(path: path, why: "\(error)")
            }
            do {
                try await Task.sleep(for: .milliseconds(5))
            } catch {
                throw .cancelled(request: "connect to \(path)")
            }
        }
    }
}
