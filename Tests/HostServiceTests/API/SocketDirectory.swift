import Glibc

/// A directory that nobody else uses.
struct SocketDirectory: Sendable {
    let path: String

    var socket: String { path + "/corral.sock" }
    var file: String { path + "/file" }

    init() throws {
        var template = Array("/tmp/corral-api-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw RawClient.Failure(description: "mkdtemp: errno \(errno)") }
        path = String(cString: made)
    }

    /// Removes the directory and the plain files in it.
    func remove() {
        for name in [socket, file] { unlink(name) }
        rmdir(path)
    }
}
