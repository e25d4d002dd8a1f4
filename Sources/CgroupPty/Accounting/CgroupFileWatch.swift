import Glibc

/// Tells when files of cgroups change: `memory.events`, `pids.events`, `cgroup.events`. Any number of them, by one inotify instance.
///
/// A descriptor for each file, as ``ReadinessMonitor`` needs it, would be two more for each file of each session.
///
/// See: inotify(7); cgroup-v2.rst "memory.events": "a file modified event"
public final class CgroupFileWatch: Sendable {
    /// One watch, to be ended by ``end(_:)``.
    public struct Key: Sendable, Hashable {
        fileprivate let file: CInt
        fileprivate let number: UInt64
    }

    private struct State {
        /// By the kernel's number of the file: several may watch the same.
        var handlers: [CInt: [UInt64: @Sendable () -> Void]] = [:]
        var next: UInt64 = 1
    }

    private let inotify: OwnedFileDescriptor
    private let monitor: ReadinessMonitor
    private let state = Locked(State())

    /// Makes the instance; ``run()`` makes it work.
    /// - Throws: ``SystemCallFailure``; `EMFILE` when the user has as many instances as `fs.inotify.max_user_instances` allows.
    public init(monitor: ReadinessMonitor) throws(SystemCallFailure) {
        let raw = try retryingInterrupted("inotify_init1", "files of cgroups") {
            inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
        }
        inotify = OwnedFileDescriptor(adopting: raw)
        self.monitor = monitor
    }

    /// Calls the handlers, until the monitor stops or the task is cancelled.
    /// - Throws: ``SystemCallFailure`` from `read` or `epoll_ctl`; no handler is called any more then.
    public func run() async throws(SystemCallFailure) {
        while try await monitor.wait(for: inotify, .readable, until: nil) == .ready {
            for handler in try changed() { handler() }
        }
    }

    /// Begins to watch a file.
    /// - Parameter onChange: called for each change, or once for several; must not block. It must read the file to learn what it was.
    /// - Returns: nil when there is no such file, or the cgroup was removed.
    /// - Throws: ``SystemCallFailure``; `ENOSPC` when the user has as many watches as `fs.inotify.max_user_watches` allows.
    public func begin(
        _ file: String, of cgroup: CgroupDirectory, onChange: @escaping @Sendable () -> Void
    ) throws(SystemCallFailure) -> Key? {
        let answer = cgroup.withRawDirectory { directory in
            // Under the lock: a change that comes at once must find its handler.
            state.withLock { state -> Result<Key?, SystemCallFailure> in
                let number = inotify.withRawValue {
                    inotify_add_watch($0, "/proc/self/fd/\(directory)/\(file)", UInt32(IN_MODIFY))
                }
                guard number >= 0 else {
                    let code = errno
                    if code == ENOENT || code == ENODEV { return .success(nil) }
                    return .failure(
                        SystemCallFailure(call: "inotify_add_watch", subject: "\(cgroup.path)/\(file)", errno: code))
                }
                let key = Key(file: number, number: state.next)
                state.next += 1
                state.handlers[number, default: [:]][key.number] = onChange
                return .success(key)
            }
        }
        return try answer.get()
    }

    /// Ends a watch. A handler that is being called meanwhile goes on.
    public func end(_ key: Key) {
        state.withLock { state in
            state.handlers[key.file]?[key.number] = nil
            guard state.handlers[key.file]?.isEmpty == true else { return }
            state.handlers[key.file] = nil
            // It fails when the file is gone already, and its watch with it.
            _ = inotify.withRawValue { inotify_rm_watch($0, key.file) }
        }
    }

    /// The handlers of the files that have changed.
    private func changed() throws(SystemCallFailure) -> [@Sendable () -> Void] {
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = inotify.withRawValue { raw in read(raw, &bytes, bytes.count) }
        guard count >= 0 else {
            if errno == EAGAIN || errno == EINTR { return [] }
            throw SystemCallFailure(call: "read", subject: "inotify", errno: errno)
        }
        var files: Set<CInt> = []
        var offset = 0
        let header = MemoryLayout<inotify_event>.size
        while offset + header <= count {
            let event = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self) }
            // -1: the queue was full, and some changes were dropped. Then everybody looks.
            files.insert(event.wd)
            offset += header + Int(event.len)
        }
        return state.withLock { state in
            if files.contains(-1) { return state.handlers.values.flatMap(\.values) }
            return files.flatMap { state.handlers[$0].map { Array($0.values) } ?? [] }
        }
    }
}
