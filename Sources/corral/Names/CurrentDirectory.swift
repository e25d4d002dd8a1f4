import Glibc

/// Where the user is, and which workspace that is in.
enum CurrentDirectory {
    /// The working directory's real path.
    /// - Throws: ``CommandFailure`` when it was removed or may not be read.
    static func path() throws(CommandFailure) -> String {
        guard let path = getcwd(nil, 0) else {
            throw .failed("The current directory cannot be told: \(String(cString: strerror(errno))).")
        }
        defer { free(path) }
        return String(cString: path)
    }

    /// A path as the host can use it: absolute, since the host's working directory is another.
    static func absolute(_ path: String) throws(CommandFailure) -> String {
        path.hasPrefix("/") ? path : try self.path() + "/" + path
    }

    /// The path without symbolic links; as it is when it does not exist.
    static func real(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Of directories given by id and real path, the id of the deepest that holds `directory`.
    static func workspace(holding directory: String, among workspaces: [(id: String, path: String)]) -> String? {
        workspaces
            .filter { directory == $0.path || directory.hasPrefix($0.path.hasSuffix("/") ? $0.path : $0.path + "/") }
            .max { $0.path.utf8.count < $1.path.utf8.count }?
            .id
    }
}
