import CgroupPty
import Glibc
import Testing

@testable import HostService

@Suite struct `A listening socket` {
    private func mode(of path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    // The process's umask is 022 or wider here: a plain bind would leave 0755.
    @Test func `is private from its first moment`() throws {
        let directory = try SocketDirectory()
        defer { directory.remove() }
        let socket = try ListeningSocket.bind(path: directory.socket)
        #expect(mode(of: directory.socket) == 0o600)
        socket.withRawValue { raw in
            #expect(fcntl(raw, F_GETFD) & FD_CLOEXEC != 0)
            #expect(fcntl(raw, F_GETFL) & O_NONBLOCK != 0)
        }
    }

    @Test func `takes the place of one that nobody listens on`() throws {
        let directory = try SocketDirectory()
        defer { directory.remove() }
        do {
            let stale = try ListeningSocket.bind(path: directory.socket)
            try stale.close()
        }
        #expect(mode(of: directory.socket) != nil, "closing leaves the file")
        let socket = try ListeningSocket.bind(path: directory.socket)
        #expect(mode(of: directory.socket) == 0o600)
        _ = try RawClient(path: directory.socket)
        try socket.close()
    }

    @Test func `leaves a living server's alone`() throws {
        let directory = try SocketDirectory()
        defer { directory.remove() }
        let first = try ListeningSocket.bind(path: directory.socket)
        #expect(throws: ListeningSocketFailure.inUse(path: directory.socket)) {
            _ = try ListeningSocket.bind(path: directory.socket)
        }
        _ = try RawClient(path: directory.socket)
        try first.close()
    }

    @Test func `leaves a file alone that is no socket`() throws {
        let directory = try SocketDirectory()
        defer { directory.remove() }
        let file = try OwnedFileDescriptor.open(path: directory.file, flags: O_CREAT | O_WRONLY, mode: 0o644)
        try file.close()
        #expect(throws: ListeningSocketFailure.occupied(path: directory.file)) {
            _ = try ListeningSocket.bind(path: directory.file)
        }
        #expect(mode(of: directory.file) == 0o644)
    }

    @Test func `leaves a symbolic link alone, also one to a stale socket`() throws {
        let directory = try SocketDirectory()
        defer { directory.remove() }
        do { try ListeningSocket.bind(path: directory.socket).close() }
        #expect(symlink(directory.socket, directory.file) == 0)
        #expect(throws: ListeningSocketFailure.occupied(path: directory.file)) {
            _ = try ListeningSocket.bind(path: directory.file)
        }
        #expect(mode(of: directory.socket) != nil)
    }

    @Test(arguments: [("", 0), (String(repeating: "x", count: 108), 108), ("/tmp/a\0b", 8)])
    func `refuses a path that no socket can have`(path: String, bytes: Int) {
        #expect(throws: ListeningSocketFailure.pathUnusable(path: path, bytes: bytes)) {
            _ = try ListeningSocket.bind(path: path)
        }
    }

    @Test func `takes the longest path`() throws {
        #expect(UnixSocketAddress.longestPath == 107)
        #expect(UnixSocketAddress(path: String(repeating: "x", count: 107)) != nil)
    }

    @Test func `names the directory's absence`() {
        let path = "/nonexistent-corral/x.sock"
        let expected = ListeningSocketFailure.system(
            SystemCallFailure(call: "bind", subject: path, errno: ENOENT)
        )
        #expect(throws: expected) { _ = try ListeningSocket.bind(path: path) }
    }

    @Test func `says why there is none`() {
        let texts: [(ListeningSocketFailure, String)] = [
            (
                .pathUnusable(path: "/p", bytes: 108),
                "bind /p: the path has 108 bytes and a socket's path has 1 to 107, none of them NUL; nothing was bound"
            ),
            (
                .occupied(path: "/p"),
                "bind /p: something that is not a socket is there; it was left alone and nothing was bound"
            ),
            (.inUse(path: "/p"), "bind /p: a server is listening there; it was left alone and nothing was bound"),
            (
                .notListening(descriptor: "descriptor 3"),
                "serve on descriptor 3: it is not a listening Unix stream socket; nothing is served"
            ),
            (
                .system(SystemCallFailure(call: "bind", subject: "/p", errno: EACCES)),
                "bind /p: Permission denied (errno 13); nothing is served"
            ),
        ]
        for (failure, text) in texts { #expect(failure.description == text) }
    }

    /// It was taken for reachable as long as any socket lay at the path that it was bound to.
    @Test func `is reachable only by the file that it was bound to`() throws {
        let directory = try SocketDirectory()
        defer { directory.remove() }
        let first = try ListeningSocket.bind(path: directory.socket)
        // A macro cannot be given what cannot be copied.
        var reached = ListeningSocket.isReachable(first, at: directory.socket)
        #expect(reached)
        #expect(rename(directory.socket, directory.file) == 0)
        reached = ListeningSocket.isReachable(first, at: directory.socket)
        #expect(!reached)
        reached = ListeningSocket.isReachable(first, at: directory.file)
        #expect(reached)
        let second = try ListeningSocket.bind(path: directory.socket)
        reached = ListeningSocket.isReachable(first, at: directory.socket)
        #expect(!reached)
        reached = ListeningSocket.isReachable(second, at: directory.socket)
        #expect(reached)
        #expect(unlink(directory.socket) == 0)
        reached = ListeningSocket.isReachable(second, at: directory.socket)
        #expect(!reached)
        try first.close()
        try second.close()
    }

    @Test func `is taken over only when it listens`() throws {
        let directory = try SocketDirectory()
        defer { directory.remove() }
        let bound = try ListeningSocket.adopt(ListeningSocket.bind(path: directory.socket))
        bound.withRawValue { #expect(fcntl($0, F_GETFD) & FD_CLOEXEC != 0) }

        let file = try OwnedFileDescriptor.open(path: "/dev/null", flags: O_RDONLY)
        let number = file.release()
        #expect(throws: ListeningSocketFailure.notListening(descriptor: "descriptor \(number)")) {
            _ = try ListeningSocket.adopt(OwnedFileDescriptor(adopting: number))
        }
        let silent = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        #expect(throws: ListeningSocketFailure.notListening(descriptor: "descriptor \(silent)")) {
            _ = try ListeningSocket.adopt(OwnedFileDescriptor(adopting: silent))
        }
    }
}
