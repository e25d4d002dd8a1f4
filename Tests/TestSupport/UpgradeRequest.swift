public import CgroupPty
import Glibc
public import HostClient

/// A request to become a WebSocket, made of plain system calls: its target may be one that no client of the library would ask for.
public enum UpgradeRequest {
    /// Connects to a host's socket and sends the request.
    public static func send(_ target: String, to path: String) throws -> OwnedFileDescriptor {
        let socket = OwnedFileDescriptor(
            adopting: Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0))
        let request = """
            GET \(target) HTTP/1.1\r\nHost: corral\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isSent = socket.withRawValue { raw in
            withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            } == 0 && request.withCString { Glibc.send(raw, $0, strlen($0), CInt(MSG_NOSIGNAL)) } == request.utf8.count
        }
        guard isSent else { throw RunningHost.Trouble(description: "ask \(path) for \(target): errno \(errno)") }
        return socket
    }

    /// Sends the request and reads a host's answer, which must come within half a minute. Where it was accepted, the socket is closed.
    public static func answer(to target: String, of path: String) throws -> HostReply {
        let socket = try send(target, to: path)
        return try socket.withRawValue { raw in
            // What comes after its answer is not ours to wait for.
            shutdown(raw, CInt(SHUT_WR))
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 16 << 10)
            let deadline = Deadline.after(.seconds(30))
            while true {
                if let reply = reply(bytes) { return reply }
                var wait = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
                guard !deadline.hasPassed else { break }
                guard poll(&wait, 1, 100) > 0 else { continue }
                let count = recv(raw, &chunk, chunk.count, 0)
                if count == 0 || count < 0 && errno != EINTR { break }
                bytes += chunk[..<max(0, count)]
            }
            throw RunningHost.Trouble(
                description:
                    "GET \(target) was answered with \(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
    }

    /// - Returns: nil while it is not whole.
    private static func reply(_ bytes: [UInt8]) -> HostReply? {
        let mark = Array("\r\n\r\n".utf8)
        guard
            let end = bytes.indices.dropFirst(mark.count - 1).first(where: { bytes[($0 - 3)...$0].elementsEqual(mark) })
        else { return nil }
        let lines = String(decoding: bytes[..<(end - 3)], as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let body = Array(bytes[(end + 1)...])
        guard body.count >= headers["content-length"].flatMap({ Int($0) }) ?? 0 else { return nil }
        return HostReply(status: Int(lines[0].split(separator: " ")[1]) ?? 0, headers: headers, body: body)
    }
}
