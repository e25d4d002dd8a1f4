import Glibc

/// Who has which socket open, and what waits in which network namespace.
extension Procfs {
    /// Number of the network namespace that a process is in; nil when it is gone.
    ///
    /// See: namespaces(7), "The /proc/PID/ns/ directory"
    /// - Throws: ``SystemCallFailure``, `EACCES` for somebody else's process and for one that is not dumpable.
    public func networkNamespace(_ pid: ProcessID) throws(SystemCallFailure) -> UInt64? {
        guard let name = try link(pid, "ns/net") else { return nil }
        guard let number = Self.number(in: Array(name.utf8), after: "net:[") else {
            throw SystemCallFailure(call: "readlink", subject: "\(root)/\(pid)/ns/net", errno: EBADMSG)
        }
        return number
    }

    /// Inodes of the sockets that a process has open; nil when it is gone.
    ///
    /// See: proc_pid_fd(5)
    /// - Throws: ``SystemCallFailure``, `EACCES` for somebody else's process and for one that is not dumpable.
    public func socketInodes(_ pid: ProcessID) throws(SystemCallFailure) -> Set<UInt64>? {
        let inodes = try askLiving(pid, isNothing: { $0?.isEmpty != false }) { (pid) throws(SystemCallFailure) in
            try ownSocketInodes(pid)
        }
        // A dead process shows none, too.
        guard inodes?.isEmpty != false else { return inodes }
        guard let stat = try stat(pid), !stat.hasEnded else { return nil }
        return []
    }

    private func ownSocketInodes(_ pid: ProcessID) throws(SystemCallFailure) -> Set<UInt64>? {
        let path = "\(root)/\(pid)/fd"
        do throws(SystemCallFailure) {
            let directory = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY | O_DIRECTORY)
            var inodes: Set<UInt64> = []
            // Longer than any socket's name; other names are cut off, and are none.
            var name = [CChar](repeating: 0, count: 40)
            for entry in try DirectoryListing.terminatedNames(
                directory.duplicate(), name: path, directoriesOnly: false)
            {
                let count = directory.withRawValue { readlinkat($0, entry, &name, name.count) }
                // Closed meanwhile.
                guard count > 0 else { continue }
                let text = name[..<count].lazy.map { UInt8(bitPattern: $0) }
                if let inode = Self.number(in: text, after: "socket:[") { inodes.insert(inode) }
            }
            return inodes
        } catch {
            if error.errno == ENOENT || error.errno == ESRCH { return nil }
            throw error
        }
    }

    /// The sockets that wait in the network namespace of a process, whoever has them open; nil when the process is gone.
    ///
    /// The kernel lists TCP sockets that listen before all others, so that the connections of a busy machine are not read.
    /// See: Documentation/networking/proc_net_tcp.rst
    /// - Throws: ``SystemCallFailure``; `EBADMSG` for a content that is not in the documented form.
    public func boundSockets(seenBy pid: ProcessID) throws(SystemCallFailure) -> [BoundSocket]? {
        try askLiving(pid, isNothing: { $0 == nil }) { (pid) throws(SystemCallFailure) in
            var sockets: [BoundSocket] = []
            for transport in BoundSocket.Transport.allCases {
                let name = transport.rawValue
                guard let four = try boundSockets("\(root)/\(pid)/net/\(name)", transport) else { return nil }
                sockets += four
                // A kernel without IPv6 has no such file.
                sockets += try boundSockets("\(root)/\(pid)/net/\(name)6", transport) ?? []
            }
            return sockets
        }
    }

    private func boundSockets(
        _ path: String, _ transport: BoundSocket.Transport
    ) throws(SystemCallFailure) -> [BoundSocket]? {
        do throws(SystemCallFailure) {
            return try boundSockets(OwnedFileDescriptor.open(path: path, flags: O_RDONLY), path, transport)
        } catch {
            if error.errno == ENOENT || error.errno == ESRCH { return nil }
            throw error
        }
    }

    private func boundSockets(
        _ file: borrowing OwnedFileDescriptor, _ path: String, _ transport: BoundSocket.Transport
    ) throws(SystemCallFailure) -> [BoundSocket] {
        var sockets: [BoundSocket] = []
        var rest: [UInt8] = []
        var isHeader = true
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try retryingInterrupted("read", path) { file.withRawValue { read($0, &chunk, chunk.count) } }
            if count == 0 {
                guard rest.isEmpty, !isHeader else { throw Self.garbled(path) }
                return sockets
            }
            rest += chunk[..<count]
            var begin = rest.startIndex
            while let end = rest[begin...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { begin = end + 1 }
                if isHeader {
                    isHeader = false
                    continue
                }
                switch BoundSocket.read(rest[begin..<end], transport) {
                case .bound(let socket): sockets.append(socket)
                case .other: if transport == .tcp { return sockets }
                case .garbled: throw Self.garbled(path)
                }
            }
            rest.removeSubrange(..<begin)
            guard rest.count <= 4096 else { throw Self.garbled(path) }
        }
    }

    private static func garbled(_ path: String) -> SystemCallFailure {
        SystemCallFailure(call: "read", subject: path, errno: EBADMSG)
    }

    /// The number in a name such as `socket:[4711]`; nil for any other name.
    private static func number(in name: some Collection<UInt8>, after prefix: StaticString) -> UInt64? {
        let bytes = UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        guard name.starts(with: bytes) else { return nil }
        var number: UInt64 = 0
        var digits = 0
        for byte in name.dropFirst(bytes.count) {
            if byte == UInt8(ascii: "]") { return digits > 0 ? number : nil }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), digits < 19 else { return nil }
            number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
            digits += 1
        }
        return nil
    }
}
