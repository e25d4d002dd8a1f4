import CgroupPty
import Glibc

/// The entries of an open directory, one after the other, with their names as bytes.
///
/// See: readdir(3)
struct DirectoryStream: ~Copyable {
    /// One entry.
    struct Entry: Sendable {
        /// Its name, which may be any bytes but NUL and `/`.
        let name: ByteString
        /// What the file system says it is; nil where it does not say.
        let isDirectory: Bool?
    }

    private let stream: OpaquePointer
    private let name: String

    /// Begins at the first entry.
    /// - Parameter directory: Taken over; reading moves its position.
    init(adopting directory: consuming OwnedFileDescriptor, name: String) throws(SystemCallFailure) {
        let raw = directory.release()
        guard let stream = fdopendir(raw) else {
            let code = errno
            _ = OwnedFileDescriptor(adopting: raw)
            throw SystemCallFailure(call: "fdopendir", subject: name, errno: code)
        }
        self.stream = stream
        self.name = name
    }

    /// Opens the directory at a path, whose last component must be no link.
    init(path: ByteString) throws(SystemCallFailure) {
        let name = path.description
        let raw = try retryingInterrupted("open", name) {
            path.withCString { open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        }
        try self.init(adopting: OwnedFileDescriptor(adopting: raw), name: name)
    }

    deinit {
        closedir(stream)
    }

    /// The next entry but `.` and `..`, nil at the end.
    borrowing func next() throws(SystemCallFailure) -> Entry? {
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw SystemCallFailure(call: "readdir", subject: name, errno: errno) }
                return nil
            }
            let bytes = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) }
                }
            }
            if bytes == Array(".".utf8) || bytes == Array("..".utf8) { continue }
            let kind = Int(entry.pointee.d_type)
            let isDirectory = kind == Int(DT_UNKNOWN) ? nil : kind == Int(DT_DIR)
            return Entry(name: ByteString(bytes: bytes), isDirectory: isDirectory)
        }
    }

    /// Begins anew.
    borrowing func rewind() {
        rewinddir(stream)
    }
}
