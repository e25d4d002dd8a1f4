import Dispatch
import Glibc
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Opens connections to a host.
struct HostConnector: Sendable {
    /// Where the host is.
    let address: HostAddress
    /// Where the channels live.
    let loop: ClientLoop

    /// Connects. A failure is known to be one: nothing was sent.
    /// - Throws: ``HostClientFailure/unreachable(path:why:)``, with the kernel's words or ssh's.
    func connect(by deadline: NIODeadline) async throws(HostClientFailure) -> any Channel {
        switch address {
        case .socket(let path): try await connect(path, by: deadline)
        case .ssh(let destination): try await dial(destination, by: deadline)
        }
    }

    /// Connects, waiting while the host's queue of connections is full.
    ///
    /// A Unix socket whose queue is full answers `EAGAIN` at once where TCP would wait; that is asked again until the
    /// deadline.
    ///
    /// See: connect(2)
    private func connect(_ path: String, by deadline: NIODeadline) async throws(HostClientFailure) -> any Channel {
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

    /// Connects through ssh. A task that is cancelled ends it.
    private func dial(
        _ destination: SSHDestination, by deadline: NIODeadline
    ) async throws(HostClientFailure) -> any Channel {
        let child = NIOLockedValueBox<pid_t?>(nil)
        let until = ContinuousClock.now + .nanoseconds((deadline - .now()).nanoseconds)
        let dialled = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A thread of its own: it blocks until the other machine has answered.
                DispatchQueue(label: "ssh").async {
                    continuation.resume(
                        returning: Result { () throws(HostClientFailure) in
                            let connection = try SSHConnection(destination, mayAsk: true)
                            child.withLockedValue { $0 = connection.child }
                            return try connection.wait(until: until)
                        })
                }
            }
        } onCancel: {
            if let child = child.withLockedValue({ $0 }) { SSHChildren.terminate(child) }
        }
        if Task.isCancelled {
            if case .success(let socket) = dialled { close(socket) }
            throw .cancelled(request: "connect to \(destination)")
        }
        let socket = try dialled.get()
        do {
            return try await ClientBootstrap(group: loop.group).withConnectedSocket(socket).get()
        } catch {
            throw .unreachable(path: "\(destination)", why: "\(error)")
        }
    }
}
