public import CgroupPty
import Glibc

/// The right to be the one process that writes an index, held for as long as this object lives.
///
/// A `flock` on `index.lock` in the index's directory; the kernel drops it with the process, however that ends. The
/// file stays: removing it would let two processes hold locks on two files of one name. It holds the holder's pid as
/// text, for messages and for whoever asks what kind of process that is. The descriptor is close-on-exec, so that no session inherits the lock.
///
/// See: flock(2)
public final class IndexLock: Sendable {
    /// The directory whose index is locked.
    public let directory: String
    private let descriptor: OwnedFileDescriptor

    private init(directory: String, descriptor: consuming OwnedFileDescriptor) {
        self.directory = directory
        self.descriptor = descriptor
    }

    /// Takes the lock, without waiting for it. The directory is made when it is missing.
    /// - Parameter directory: The same as for ``Index/open(directory:)``.
    /// - Throws: ``IndexFailure/locked(directory:holder:)`` when somebody has it, this process included;
    ///   `.full` and `.system` when the directory or the file cannot be made.
    public static func acquire(directory: String) throws(IndexFailure) -> IndexLock {
        try acquire(directory, waits: false)
    }

    /// Takes the lock as soon as nobody has it. Blocks for as long as that takes, so it is for a thread of its own; whoever has
    /// given up by then drops the result, and with it the lock.
    /// - Parameter directory: The same as for ``acquire(directory:)``.
    /// - Throws: ``IndexFailure``, `.full` and `.system`.
    public static func wait(directory: String) throws(IndexFailure) -> IndexLock {
        try acquire(directory, waits: true)
    }

    /// Whoever has the lock of an index.
    public struct Holder: Sendable, Equatable {
        /// The number that it left; nil when there is none to be had.
        public let pid: ProcessID?
    }

    /// Who has the lock, for whoever only wants to know: nothing is made, and the lock is not kept.
    /// - Returns: nil when nobody has it.
    /// - Throws: ``IndexFailure``, `.system`, when a start could not have the lock either.
    public static func holder(directory: String) throws(IndexFailure) -> Holder? {
        let place = IndexDirectory(path: directory)
        do throws(SystemCallFailure) {
            let descriptor = try OwnedFileDescriptor.open(path: place.lock, flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK)
            // Shared, so that two who look do not take each other for a holder.
            if try lock(descriptor, place.lock, LOCK_SH | LOCK_NB) { return nil }
            return Holder(pid: readPID(descriptor, place.lock))
        } catch {
            if error.errno == ENOENT { return nil }
            throw .system(error)
        }
    }

    private static func acquire(_ directory: String, waits: Bool) throws(IndexFailure) -> IndexLock {
        let place = IndexDirectory(path: directory)
        let holder: ProcessID?
        do throws(SystemCallFailure) {
            try place.prepare()
            let descriptor = try OwnedFileDescriptor.open(
                path: place.lock, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
            if try lock(descriptor, place.lock, waits ? LOCK_EX : LOCK_EX | LOCK_NB) {
                writePID(descriptor, place.lock)
                return IndexLock(directory: place.path, descriptor: descriptor)
            }
            holder = readPID(descriptor, place.lock)
        } catch {
            throw IndexFailure(error, verb: "lock index", path: place.path)
        }
        throw .locked(directory: place.path, holder: holder)
    }

    private static func lock(
        _ descriptor: borrowing OwnedFileDescriptor, _ name: String, _ operation: CInt
    ) throws(SystemCallFailure) -> Bool {
        do {
            try descriptor.withRawValue { raw throws(SystemCallFailure) in
                _ = try retryingInterrupted("flock", name) { flock(raw, operation) }
            }
            return true
        } catch {
            guard error.errno == EWOULDBLOCK else { throw error }
            return false
        }
    }

    /// Reads the holder's number for the message; nil when there is none to be had.
    private static func readPID(_ descriptor: borrowing OwnedFileDescriptor, _ name: String) -> ProcessID? {
        do {
            let text = String(decoding: try descriptor.readToEnd(name: name, limit: 4096), as: UTF8.self)
            return ProcessID(text.split(separator: "\n", maxSplits: 1).first ?? "")
        } catch {
            return nil
        }
    }

    /// Writes the number for the message. On a full disk the message has none, and the lock holds all the same.
    private static func writePID(_ descriptor: borrowing OwnedFileDescriptor, _ name: String) {
        let truncated = descriptor.withRawValue { ftruncate($0, 0) == 0 }
        guard truncated else { return }
        do {
            try descriptor.writeAll("\(getpid())\n".utf8, name: name)
        } catch {
            return
        }
    }
}
