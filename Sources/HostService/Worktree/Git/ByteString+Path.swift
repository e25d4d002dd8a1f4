import CgroupPty
import Glibc

extension ByteString {
    private static let slash = UInt8(ascii: "/")

    /// Whether the path starts at the root.
    var isAbsolute: Bool { bytes.first == Self.slash }

    /// The path without what follows the last slash: `/a` of `/a/b`, `/` of `/a`, `.` of `a`.
    var directory: ByteString {
        guard let last = bytes.lastIndex(of: Self.slash) else { return "." }
        return last == 0 ? "/" : ByteString(bytes: bytes[..<last])
    }

    /// What follows the last slash.
    var lastComponent: ByteString {
        guard let last = bytes.lastIndex(of: Self.slash) else { return self }
        return ByteString(bytes: bytes[(last + 1)...])
    }

    /// This path with another below it. An absolute `other` replaces it, as for the kernel.
    func appending(_ other: ByteString) -> ByteString {
        if other.isAbsolute { return other }
        return bytes.last == Self.slash ? self + other : self + "/" + other
    }

    /// The path without slashes at its end.
    var withoutTrailingSlashes: ByteString {
        var rest = bytes[...]
        while rest.count > 1, rest.last == Self.slash { rest.removeLast() }
        return ByteString(bytes: rest)
    }

    /// The absolute path without `.`, `..` and doubled slashes, by its text alone: right only where no directory that a `..`
    /// leaves is a link.
    var collapsed: ByteString {
        var parts: [ArraySlice<UInt8>] = []
        for part in bytes.split(separator: Self.slash) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { _ = parts.popLast() } else { parts.append(part) }
        }
        return ByteString(bytes: [Self.slash] + parts.joined(separator: [Self.slash]))
    }

    /// Whether this path is `other` or lies below it, judged by its text alone.
    func isAtOrBelow(_ other: ByteString) -> Bool {
        if bytes == other.bytes || other.bytes == [Self.slash] { return true }
        return bytes.count > other.bytes.count && bytes.starts(with: other.bytes)
            && bytes[other.bytes.count] == Self.slash
    }

    /// The path with every link in it resolved.
    ///
    /// See: realpath(3)
    /// - Throws: ``SystemCallFailure``; `ENOENT` when it or a directory on the way does not exist.
    func realPath() throws(SystemCallFailure) -> ByteString {
        try withCString { path throws(SystemCallFailure) in
            guard let found = realpath(path, nil) else {
                throw SystemCallFailure(call: "realpath", subject: description, errno: errno)
            }
            defer { free(found) }
            return ByteString(
                bytes: UnsafeBufferPointer(start: found, count: strlen(found)).map { UInt8(bitPattern: $0) })
        }
    }

    /// The path with the links of its directories resolved and its last component as it is: where a name lies, whether or not
    /// anything has it.
    ///
    /// Directories that do not exist stay as they are below the deepest one that does.
    /// - Throws: ``SystemCallFailure`` from `realpath`, but `ENOENT` and `ENOTDIR`.
    func realLocation() throws(SystemCallFailure) -> ByteString {
        let plain = withoutTrailingSlashes
        if plain.bytes == [Self.slash] { return plain }
        let name = plain.lastComponent
        do throws(SystemCallFailure) {
            return try plain.directory.realPath().appending(name)
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR, plain.directory.bytes.count < plain.bytes.count,
                plain.directory != "."
            else { throw error }
            return try plain.directory.realLocation().appending(name)
        }
    }

    /// ``realLocation()``, or the path as it is where the kernel does not say: for paths that were real when they were written
    /// down, and that must not keep us from everything else.
    func knownLocation() -> ByteString {
        do throws(SystemCallFailure) { return try realLocation() } catch { return withoutTrailingSlashes }
    }

    /// What kind of file has this name, nil when there is none (`ENOENT`, and nothing else).
    ///
    /// See: lstat(2)
    /// - Throws: ``SystemCallFailure`` with any other answer.
    func status() throws(SystemCallFailure) -> FileStatus? {
        try withCString { path throws(SystemCallFailure) in
            var status = stat()
            if lstat(path, &status) == 0 { return FileStatus(status) }
            if errno == ENOENT { return nil }
            throw SystemCallFailure(call: "lstat", subject: description, errno: errno)
        }
    }
}
