import CgroupPty
import Glibc
import NIOCore
import NIOPosix

/// Moves bytes between a PTY's master and a session's feed, on an event loop.
///
/// The terminal is drained whether anybody is attached or not, so that no program blocks on its output. Input is written in
/// order and byte for byte; what the terminal does not take yet is bounded by ``pendingLimit``.
final class TerminalChannel: Sendable {
    /// Input that may wait for the terminal: a large paste fits, a program that never reads cannot fill our memory.
    static let pendingLimit = 1 << 20

    private let channel: any Channel
    private let pending = Locked(0)

    private init(channel: any Channel) {
        self.channel = channel
    }

    /// Takes a descriptor of the master over and starts reading.
    static func start(
        _ master: consuming OwnedFileDescriptor, feed: TerminalFeed, group: any EventLoopGroup
    ) async throws -> TerminalChannel {
        let raw = master.release()
        do {
            let channel = try await NIOPipeBootstrap(group: group)
                .channelOption(.maxMessagesPerRead, value: 16)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Reader(feed: feed))
                    }
                }
                .takingOwnershipOfDescriptor(inputOutput: raw)
                .get()
            return TerminalChannel(channel: channel)
        } catch {
            // NIO leaves the descriptor with the caller when it fails.
            _ = OwnedFileDescriptor(adopting: raw)
            throw error
        }
    }

    /// Writes input; suspends until the terminal has taken it.
    /// - Throws: ``HostFailure/inputFull(_:)`` when more than ``pendingLimit`` would wait; nothing of it is written then.
    func send(_ bytes: [UInt8]) async throws {
        let isAccepted = pending.withLock { pending in
            guard pending + bytes.count <= Self.pendingLimit else { return false }
            pending += bytes.count
            return true
        }
        guard isAccepted else {
            throw HostFailure.inputFull(
                "write \(bytes.count) bytes to the terminal: its program does not read; nothing was written")
        }
        defer { pending.withLock { $0 -= bytes.count } }
        do {
            try await channel.writeAndFlush(channel.allocator.buffer(bytes: bytes)).get()
        } catch is ChannelError {
            throw HostFailure.sessionEnded("write to the terminal: it is closed; the bytes are lost")
        } catch is IOError {
            throw HostFailure.sessionEnded("write to the terminal: it is hung up; the bytes are lost")
        }
    }

    /// Waits until the last byte was read: no process holds the slave end any more.
    /// - Returns: false when the deadline passed first.
    func waitUntilDrained(until deadline: Deadline) async -> Bool {
        let channel = channel
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { try await channel.closeFuture.get() } catch {}
                return true
            }
            group.addTask {
                do { try await Task.sleep(for: deadline.remaining) } catch { return false }
                return false
            }
            let first = await group.next() ?? false
            // The close future cannot be cancelled, so the channel is closed here: nobody reads it after this.
            if !first { channel.close(promise: nil) }
            group.cancelAll()
            return first
        }
    }

    /// Closes the master; the kernel hangs the terminal up once no duplicate is left.
    func close() {
        channel.close(promise: nil)
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let feed: TerminalFeed

        init(feed: TerminalFeed) {
            self.feed = feed
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            feed.append(Array(unwrapInboundIn(data).readableBytesView))
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            // EIO is how a master says that the last slave was closed: the end of the file.
            context.close(promise: nil)
        }
    }
}
