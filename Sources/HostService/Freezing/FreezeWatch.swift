import CgroupPty
import HostProtocol
import Logging
import SessionIndex

/// Sees whether a session is frozen for as long as a client is attached to it, whoever froze it, and tells the client.
///
/// A client's input to a frozen session is dropped: it would wait in the terminal and be typed, unseen, when the session goes on.
final class FreezeWatch: Sendable {
    private let feed: TerminalFeed
    private let key: UInt64
    private let isFrozenNow: Locked<Bool>
    private let task: Locked<Task<Void, Never>?>

    /// Whether the session is frozen.
    var isFrozen: Bool { isFrozenNow.withLock { $0 } }

    /// Begins to watch.
    /// - Parameter key: The client's, to whom the feed has told what it begins with.
    init(_ row: SessionRow, _ context: HostContext, feed: TerminalFeed, key: UInt64) {
        self.feed = feed
        self.key = key
        isFrozenNow = Locked(false)
        task = Locked(nil)
        guard let scope = ScopeName(unit: row.unit), case .found(let cgroup) = context.ground.look(scope.path) else {
            return
        }
        isFrozenNow.withLock { $0 = context.freezer.isFrozen(scope.path) ?? false }
        if isFrozen { tell() }
        let watch = Task { [weak self] in
            do throws(SystemCallFailure) {
                while let known = self?.isFrozen, !Task.isCancelled {
                    // Long, since what ends a session ends the attachment.
                    let change = try await cgroup.wait(
                        context.monitor, until: .after(.seconds(3600)), lookingEvery: .seconds(60)
                    ) { $0.isFrozen != known }
                    switch change {
                    case .reached(let events): self?.changed(to: events.isFrozen)
                    case .notReached: break
                    case .gone: return
                    }
                }
            } catch {
                context.logger.debug("watch whether session \(row.id) is frozen: \(error)")
                // What is not known keeps nobody from typing.
                if self?.isFrozen == true { self?.changed(to: false) }
            }
        }
        task.withLock { $0 = watch }
    }

    deinit { end() }

    /// Watches no more.
    func end() { task.withLock { $0.take() }?.cancel() }

    /// Tells the client again, which has sent input.
    func remind() { tell() }

    private func changed(to isFrozen: Bool) {
        isFrozenNow.withLock { $0 = isFrozen }
        tell()
    }

    private func tell() {
        var message = AttachMessage(isFrozen ? .frozen : .thawed)
        message.session = feed.session.rawValue
        feed.tell(key, message)
    }
}
