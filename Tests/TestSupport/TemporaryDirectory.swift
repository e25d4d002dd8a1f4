import Foundation

/// A directory of a test's own, removed with everything in it when the value goes away.
public final class TemporaryDirectory: Sendable {
    /// Absolute real path.
    public let path: String

    /// Makes a directory under a short name: a Unix socket's path has 107 bytes at most.
    public init() throws {
        var template = Array("/tmp/corral-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }

    deinit {
        // Also what a test made unwritable.
        do {
            try Shell.run("chmod -R u+rwX '\(path)' 2>/dev/null || true; rm -rf --one-file-system '\(path)'")
        } catch {
            print("remove \(path): \(error)")
        }
    }
}
