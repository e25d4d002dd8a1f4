import Glibc

/// The environment that a process was started with, from `/proc/PID/environ`.
///
/// A hint and never authority: a process can write anything there, and `import-environment` copies it to strangers.
/// See: proc_pid_environ(5)
public struct ProcessEnvironment: Sendable, Equatable {
    private let bytes: [UInt8]

    /// Keeps the file's bytes: items end with NUL, and need not hold a `=`.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The first value of a name; nil when the name is not there.
    public subscript(name: String) -> String? { self.first(of: [name])[0] }

    /// The first value of each of several names, in one reading; nil for one that is not there.
    ///
    /// Without a copy of anything but the values, and by the C library's searches: this runs for each process of the machine.
    public func first(of names: [String]) -> [String?] {
        let prefixes = names.map { Array(($0 + "=").utf8) }
        var values = [String?](repeating: nil, count: names.count)
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var begin = 0
            while begin < bytes.count {
                let end =
                    memchr(base + begin, 0, bytes.count - begin).map { UnsafeRawPointer($0) - base } ?? bytes.count
                for (place, prefix) in prefixes.enumerated()
                where end - begin >= prefix.count && bytes[begin] == prefix[0] && values[place] == nil
                    && memcmp(base + begin, prefix, prefix.count) == 0
                {
                    values[place] = String(decoding: bytes[(begin + prefix.count)..<end], as: UTF8.self)
                }
                begin = end + 1
            }
        }
        return values
    }
}
