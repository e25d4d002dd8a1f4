import Glibc

/// The one owner of a descriptor (I5).
///
/// It cannot be copied; whoever holds it last closes it. The verbs mean the same everywhere in Corral: `adopting` takes,
/// `duplicate` copies, `withRawValue` lends, `release` gives up, `close` closes and reports, `deinit` closes silently.
public struct OwnedFileDescriptor: ~Copyable, Sendable {
    @usableFromInline let raw: CInt

    /// Takes a descriptor over. Nobody else may close it from now on.
    /// - Precondition: `raw` is not negative.
    public init(adopting raw: CInt) {
        precondition(raw >= 0, "a negative number is no descriptor")
        self.raw = raw
    }

    /// Opens a path relative to this directory; `O_CLOEXEC` is always added.
    ///
    /// See: openat(2)
    /// - Throws: ``SystemCallFailure``; the subject is `path`.
    public borrowing func open(
        _ path: String, flags: CInt, mode: UInt32 = 0
    ) throws(SystemCallFailure) -> OwnedFileDescriptor {
        let raw = raw
        return OwnedFileDescriptor(
            adopting: try retryingInterrupted("openat", path) { Glibc.openat(raw, path, flags | O_CLOEXEC, mode) }
        )
    }

    /// Opens an absolute path; `O_CLOEXEC` is always added.
    ///
    /// See: open(2)
    /// - Throws: ``SystemCallFailure``; the subject is `path`.
    public static func open(
        path: String, flags: CInt, mode: UInt32 = 0
    ) throws(SystemCallFailure) -> OwnedFileDescriptor {
        OwnedFileDescriptor(
            adopting: try retryingInterrupted("open", path) { Glibc.open(path, flags | O_CLOEXEC, mode) }
        )
    }

    /// A second descriptor for the same open file, close-on-exec, numbered 3 or above.
    ///
    /// See: fcntl(2), F_DUPFD_CLOEXEC
    /// - Throws: ``SystemCallFailure``, `EMFILE` when the process is at its limit.
    public borrowing func duplicate() throws(SystemCallFailure) -> OwnedFileDescriptor {
        let raw = raw
        return OwnedFileDescriptor(
            adopting: try retryingInterrupted("fcntl(F_DUPFD_CLOEXEC)", "descriptor \(raw)") {
                fcntl(raw, F_DUPFD_CLOEXEC, 3)
            }
        )
    }

    /// Lends the number for the time of a call.
    @inlinable
    public borrowing func withRawValue<Result: ~Copyable, Failure>(
        _ body: (CInt) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(raw)
    }

    /// Gives the descriptor up. The caller closes it.
    public consuming func release() -> CInt {
        let raw = raw
        discard self
        return raw
    }

    /// Closes the descriptor and reports what the kernel says; `EINTR` is success, since Linux has closed it by then.
    ///
    /// See: close(2)
    /// - Throws: ``SystemCallFailure`` with `EIO`, `ENOSPC` or `EDQUOT`, when data written earlier was lost.
    public consuming func close() throws(SystemCallFailure) {
        let raw = raw
        discard self
        if Glibc.close(raw) != 0 {
            let code = errno
            precondition(code != EBADF, "somebody else closed a descriptor that we own (I5)")
            if code != EINTR { throw SystemCallFailure(call: "close", subject: "descriptor \(raw)", errno: code) }
        }
    }

    deinit {
        if Glibc.close(raw) != 0 {
            precondition(errno != EBADF, "somebody else closed a descriptor that we own (I5)")
        }
    }
}

extension OwnedFileDescriptor {
    /// Reads what is left in the file, at most `limit` bytes.
    ///
    /// See: read(2)
    /// - Throws: ``SystemCallFailure``; the subject is `name`. `EFBIG` when more than `limit` bytes are there.
    public borrowing func readToEnd(name: String, limit: Int = 1 << 20) throws(SystemCallFailure) -> [UInt8] {
        let raw = raw
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = try retryingInterrupted("read", name) { read(raw, &chunk, chunk.count) }
            if count == 0 { return bytes }
            bytes += chunk[0..<count]
            if bytes.count > limit { throw SystemCallFailure(call: "read", subject: name, errno: EFBIG) }
            // Most files of procfs are short: a larger piece only for what fills the smaller one.
            if count == chunk.count, count < 65536 { chunk = [UInt8](repeating: 0, count: 65536) }
        }
    }

    /// Lends what is left in the file, for files that are read by the thousand: nothing is kept, and nothing but the read is made.
    ///
    /// See: read(2); seq_file.rst "Making it all work"
    /// - Parameters:
    ///   - isOneRecord: the kernel makes the file's content in one piece, as that of `/proc/PID/stat` and `cgroup.events`: a read that
    ///     leaves room was the last one. A list, as `cgroup.procs`, can come in pieces, and ends with a read of nothing.
    ///   - expected: bytes that are read at a time. Up to 1,024 lie on the stack.
    /// - Throws: ``SystemCallFailure``; the subject is `name`. `EFBIG` when more than `limit` bytes are there.
    public borrowing func withContents<Result>(
        name: @autoclosure () -> String, limit: Int = 8 << 20, isOneRecord: Bool = false, expected: Int = 1024,
        _ body: (UnsafeRawBufferPointer) throws(SystemCallFailure) -> Result
    ) throws(SystemCallFailure) -> Result {
        let raw = raw
        func lend(_ bytes: UnsafeRawBufferPointer) -> Swift.Result<Result, SystemCallFailure> {
            do throws(SystemCallFailure) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        let outcome = withUnsafeTemporaryAllocation(byteCount: expected, alignment: 16) { piece in
            do throws(SystemCallFailure) {
                var count = try retryingInterrupted("read", name()) { read(raw, piece.baseAddress, piece.count) }
                if isOneRecord, count < piece.count { return lend(UnsafeRawBufferPointer(rebasing: piece[..<count])) }
                var bytes: [UInt8] = []
                while count > 0 {
                    bytes += piece[..<count]
                    if bytes.count > limit { throw SystemCallFailure(call: "read", subject: name(), errno: EFBIG) }
                    count = try retryingInterrupted("read", name()) { read(raw, piece.baseAddress, piece.count) }
                }
                return bytes.withUnsafeBytes(lend)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Writes all of the bytes.
    ///
    /// See: write(2)
    /// - Throws: ``SystemCallFailure``; the subject is `name`.
    public borrowing func writeAll(_ bytes: some Collection<UInt8>, name: String) throws(SystemCallFailure) {
        let raw = raw
        let all = Array(bytes)
        var done = 0
        while done < all.count {
            done += try retryingInterrupted("write", name) {
                all.withUnsafeBytes { write(raw, $0.baseAddress! + done, all.count - done) }
            }
        }
    }

    /// Device and inode of the open file, which together name it for as long as it is open.
    ///
    /// See: fstat(2)
    public borrowing func identity(name: String) throws(SystemCallFailure) -> FileIdentity {
        let raw = raw
        var status = stat()
        try retryingInterrupted("fstat", name) { fstat(raw, &status) }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}

/// Device and inode of a file.
public struct FileIdentity: Sendable, Hashable, CustomStringConvertible {
    /// `st_dev`.
    public let device: UInt64
    /// `st_ino`.
    public let inode: UInt64

    /// Names a file.
    public init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// `device:inode`.
    public var description: String { "\(device):\(inode)" }

    /// Whether another names the same file.
    /// - Parameter ofThisBoot: Whether both were seen since the machine started. Device numbers of btrfs, LVM, NVMe and NFS are handed out
    ///   anew at each boot, so that from an earlier one only the inode counts.
    public func isSame(_ other: FileIdentity, ofThisBoot: Bool) -> Bool {
        inode == other.inode && (device == other.device || !ofThisBoot)
    }
}
