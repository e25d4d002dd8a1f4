public import Glibc

/// A value behind a lock, for state that callbacks of several threads share for a few instructions.
///
/// What is locked is seen by the compiler in every module that uses it: each key that is typed and each piece of output passes
/// some of these. A plain pthread mutex: `Synchronization.Mutex` is reported as a race by ThreadSanitizer on Linux.
public final class Locked<Value: ~Copyable>: @unchecked Sendable {
    @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline var value: Value

    /// Puts a value behind a new lock.
    public init(_ value: consuming sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` alone. It must neither wait nor call back into this lock.
    @inlinable
    public func withLock<Result: ~Copyable, Failure>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
