import NIOCore
import NIOPosix

/// The one event loop of a client: one thread, started with the first client value and ended with the last.
///
/// An own group instead of NIO's shared one, which starts a thread for each processor: a command line tool that makes one
/// request needs one.
final class ClientLoop: Sendable {
    /// Where the client's channels live.
    let group: MultiThreadedEventLoopGroup

    /// Starts the thread.
    init() {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }

    deinit {
        group.shutdownGracefully { _ in }
    }
}
