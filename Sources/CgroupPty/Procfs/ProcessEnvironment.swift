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
    public subscript(name: String) -> String? {
        let prefix = Array((name + "=").utf8)
        // Without a copy of anything but the value: this runs for each process of the machine.
        return bytes.withUnsafeBytes { bytes in
            var rest = UnsafeRawBufferPointer(rebasing: bytes[...])
            while !rest.isEmpty {
                let item = rest.prefix { $0 != 0 }
                if item.starts(with: prefix) {
                    return String(decoding: item.dropFirst(prefix.count), as: UTF8.self)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(item.count + 1))
            }
            return nil
        }
    }
}
