import Glibc

/// Names in a directory, without `.` and `..`, in the directory's own order.
///
/// See: readdir(3)
public enum DirectoryListing {
    /// Lists the directory at a path.
    public static func names(path: String) throws(SystemCallFailure) -> [String] {
        try names(
            OwnedFileDescriptor.open(path: path, flags: O_RDONLY | O_DIRECTORY), name: path, directoriesOnly: false)
    }

    /// Lists an open directory; takes the descriptor over, since reading moves its position.
    /// - Parameter directoriesOnly: leaves out entries that the file system marks as something else.
    public static func names(
        _ directory: consuming OwnedFileDescriptor, name: String, directoriesOnly: Bool
    ) throws(SystemCallFailure) -> [String] {
        try terminatedNames(directory, name: name, directoriesOnly: directoriesOnly).map {
            $0.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        }
    }

    /// The same names as they are in the file system, each with its NUL: a name need not be UTF-8.
    static func terminatedNames(
        _ directory: consuming OwnedFileDescriptor, name: String, directoriesOnly: Bool
    ) throws(SystemCallFailure) -> [[CChar]] {
        var names: [[CChar]] = []
        try forEachName(directory, name: name, directoriesOnly: directoriesOnly) { bytes in
            names.append(bytes.map { CChar(bitPattern: $0) } + [0])
        }
        return names
    }

    /// Lends one name after another, without its NUL.
    static func forEachName(
        _ directory: consuming OwnedFileDescriptor, name: String, directoriesOnly: Bool,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(SystemCallFailure) {
        let raw = directory.release()
        guard let stream = fdopendir(raw) else {
            let code = errno
            _ = OwnedFileDescriptor(adopting: raw)
            throw SystemCallFailure(call: "fdopendir", subject: name, errno: code)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw SystemCallFailure(call: "readdir", subject: name, errno: errno) }
                return
            }
            if directoriesOnly, entry.pointee.d_type != UInt8(DT_DIR) { continue }
            withUnsafePointer(to: &entry.pointee.d_name) {
                let first = UnsafeRawPointer($0)
                let length = strlen(first.assumingMemoryBound(to: CChar.self))
                let bytes = UnsafeRawBufferPointer(start: first, count: length)
                let isDots = bytes.count <= 2 && bytes.allSatisfy { $0 == UInt8(ascii: ".") }
                if !isDots { body(bytes) }
            }
        }
    }
}
