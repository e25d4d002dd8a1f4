import Glibc

/// Reads the small files of many cgroups one after the other, into one buffer, and picks numbers out of them.
///
/// Accounting reads a dozen files of each of some thousand cgroups, so no text is made of them. What a file holds is told by the last
/// ``read(_:of:)``.
///
/// See: cgroup-v2.rst "Flat keyed", "Nested keyed"; psi.rst
public struct CgroupFileReader: Sendable {
    /// How a read ended.
    public enum Outcome: Sendable, Equatable {
        case read
        /// The cgroup has no such file, or was removed.
        case absent
        /// The kernel refused, for instance with `EOPNOTSUPP` where pressure is not kept.
        case refused(errno: CInt)
    }

    private var buffer: [UInt8]
    private var count = 0

    /// Makes a reader.
    /// - Parameter capacity: Bytes of a file that are looked at. `io.stat` has a line of some hundred bytes for each disk.
    public init(capacity: Int = 16 << 10) { buffer = [UInt8](repeating: 0, count: capacity) }

    /// Reads the beginning of a file, all of it but for the longest.
    public mutating func read(_ file: StaticString, of cgroup: CgroupDirectory) -> Outcome {
        count = 0
        let raw = cgroup.openRaw(file)
        guard raw >= 0 else { return Self.outcome(-raw) }
        let descriptor = OwnedFileDescriptor(adopting: raw)
        while count < buffer.count {
            let answer = descriptor.withRawValue { raw in
                buffer.withUnsafeMutableBytes { Glibc.read(raw, $0.baseAddress.map { $0 + count }, $0.count - count) }
            }
            if answer == 0 { break }
            if answer < 0 {
                if errno == EINTR { continue }
                count = 0
                return Self.outcome(errno)
            }
            count += answer
        }
        return .read
    }

    /// Lines of a file, however long it is: the processes in `cgroup.procs`.
    public mutating func lines(of file: StaticString, of cgroup: CgroupDirectory) -> (outcome: Outcome, count: Int) {
        let raw = cgroup.openRaw(file)
        guard raw >= 0 else { return (Self.outcome(-raw), 0) }
        let descriptor = OwnedFileDescriptor(adopting: raw)
        var lines = 0
        while true {
            let answer = descriptor.withRawValue { raw in
                buffer.withUnsafeMutableBytes { Glibc.read(raw, $0.baseAddress, $0.count) }
            }
            if answer == 0 { return (.read, lines) }
            if answer < 0 {
                if errno == EINTR { continue }
                return (Self.outcome(errno), 0)
            }
            for byte in buffer[0..<answer] where byte == UInt8(ascii: "\n") { lines += 1 }
        }
    }

    /// How many processes are in a cgroup and below it: a figure and no proof, for one that moves meanwhile can count twice or not at all.
    /// - Parameter known: Counts of cgroups below, which are then not gone into.
    public mutating func memberCount(
        of cgroup: CgroupDirectory, known: [CgroupPath: Int] = [:]
    ) throws(SystemCallFailure) -> Int {
        var count = try ownMemberCount(of: cgroup)
        guard try cgroup.hasChildren() else { return count }
        var already = 0
        try cgroup.forEachBelow(
            except: { path in
                guard let count = known[path] else { return false }
                already += count
                return true
            },
            { (child) throws(SystemCallFailure) in count += try ownMemberCount(of: child) })
        return count + already
    }

    private mutating func ownMemberCount(of cgroup: CgroupDirectory) throws(SystemCallFailure) -> Int {
        switch lines(of: "cgroup.procs", of: cgroup) {
        case (.read, let count): return count
        // A threaded cgroup, whose processes its domain lists, or one that was removed.
        case (.absent, _), (.refused(EOPNOTSUPP), _): return 0
        case (.refused(let code), _):
            throw SystemCallFailure(call: "read", subject: "\(cgroup.path)/cgroup.procs", errno: code)
        }
    }

    /// The number that the file holds and nothing else; nil for `max` and for anything else.
    public var number: UInt64? {
        var position = 0
        return digits(&position)
    }

    /// The number behind a key at the beginning of a line, as in `usage_usec 123`.
    public func number(_ key: StaticString) -> UInt64? {
        var position = 0
        while position < count {
            if starts(with: key, at: position), buffer[position + key.utf8CodeUnitCount] == UInt8(ascii: " ") {
                var digitsAt = position + key.utf8CodeUnitCount + 1
                return digits(&digitsAt)
            }
            nextLine(&position)
        }
        return nil
    }

    /// The sum over all lines of the numbers behind a key, as in `8:0 rbytes=123 wbytes=4`; 0 when no line has it.
    public func sum(_ key: StaticString) -> UInt64 {
        var sum: UInt64 = 0
        var position = 0
        while position < count {
            if starts(with: key, at: position), buffer[position + key.utf8CodeUnitCount] == UInt8(ascii: "="),
                position == 0 || buffer[position - 1] == UInt8(ascii: " ")
            {
                position += key.utf8CodeUnitCount + 1
                sum &+= digits(&position) ?? 0
            } else {
                position += 1
            }
        }
        return sum
    }

    /// A line of a pressure file: `some avg10=1.25 avg60=0.50 avg300=0.00 total=12345`. Nil when there is no such line.
    public func pressure(_ kind: StaticString) -> (avg10: Double, avg60: Double, avg300: Double, total: UInt64)? {
        var position = 0
        while position < count, !starts(with: kind, at: position) { nextLine(&position) }
        var values: [UInt64] = []
        while position < count, buffer[position] != UInt8(ascii: "\n"), values.count < 4 {
            position += 1
            guard buffer[position - 1] == UInt8(ascii: "=") else { continue }
            guard let whole = digits(&position) else { return nil }
            guard position < count, buffer[position] == UInt8(ascii: ".") else {
                values.append(whole)
                continue
            }
            position += 1
            guard let hundredths = digits(&position) else { return nil }
            values.append(whole * 100 + hundredths)
        }
        guard values.count == 4 else { return nil }
        return (Double(values[0]) / 100, Double(values[1]) / 100, Double(values[2]) / 100, values[3])
    }

    private func starts(with key: StaticString, at position: Int) -> Bool {
        let length = key.utf8CodeUnitCount
        // One more must follow, which the caller looks at.
        guard position + length < count else { return false }
        return key.withUTF8Buffer { key in (0..<length).allSatisfy { buffer[position + $0] == key[$0] } }
    }

    private func nextLine(_ position: inout Int) {
        while position < count, buffer[position] != UInt8(ascii: "\n") { position += 1 }
        position += 1
    }

    private func digits(_ position: inout Int) -> UInt64? {
        var value: UInt64?
        while position < count, case let digit = buffer[position], digit >= UInt8(ascii: "0"),
            digit <= UInt8(ascii: "9")
        {
            value = (value ?? 0) &* 10 &+ UInt64(digit - UInt8(ascii: "0"))
            position += 1
        }
        return value
    }

    private static func outcome(_ code: CInt) -> Outcome {
        code == ENOENT || code == ENODEV ? .absent : .refused(errno: code)
    }
}

extension CgroupDirectory {
    /// Opens one of its files for the reader; a negative errno when that fails.
    fileprivate func openRaw(_ file: StaticString) -> CInt {
        withRawDirectory { directory in
            file.withUTF8Buffer { _ in
                let raw = openat(
                    directory, UnsafeRawPointer(file.utf8Start).assumingMemoryBound(to: CChar.self),
                    O_RDONLY | O_CLOEXEC)
                return raw >= 0 ? raw : -errno
            }
        }
    }
}
