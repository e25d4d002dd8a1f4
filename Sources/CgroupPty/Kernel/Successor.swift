internal import CSystemd
import Glibc

/// What a process needs to become another build of itself and to keep what it holds: descriptors under names, handed over as
/// systemd hands them to a service.
///
/// See: execve(2), sd_listen_fds(3)
public struct Successor: ~Copyable {
    /// The program's path.
    public let path: String
    private var names: [String] = []
    private var numbers: [CInt] = []

    /// Begins with nothing to hand over.
    public init(path: String) { self.path = path }

    /// Where this process's program lies, also after another file was put in its place.
    ///
    /// See: proc_pid_exe(5)
    public static func ownPath() throws(SystemCallFailure) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = try retryingInterrupted("readlink", "/proc/self/exe") {
            buffer.withUnsafeMutableBytes { bytes in
                bytes.withMemoryRebound(to: CChar.self) { text in
                    text.baseAddress.map { readlink("/proc/self/exe", $0, text.count) } ?? -1
                }
            }
        }
        let path = String(decoding: buffer.prefix(count), as: UTF8.self)
        return path.hasSuffix(" (deleted)") ? String(path.dropLast(" (deleted)".count)) : path
    }

    /// Hands a descriptor over under a name.
    public mutating func add(_ descriptor: consuming OwnedFileDescriptor, name: String) {
        names.append(name)
        numbers.append(descriptor.release())
    }

    /// Becomes the successor: same process, same children, same arguments.
    ///
    /// A program that the kernel does not take (no executable of this machine) is replaced by the one that runs now.
    /// - Throws: ``SystemCallFailure`` when the program may not be executed or there is no room; nothing has changed then. Does not
    ///   return otherwise.
    public consuming func become(arguments: [String], environment: [String: String]) throws(SystemCallFailure) {
        var environment = environment
        environment["LISTEN_PID"] = String(getpid())
        environment["LISTEN_FDS"] = String(numbers.count)
        environment["LISTEN_FDNAMES"] = names.joined(separator: ":")
        let words = arguments.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for copy in words + variables { free(copy) } }
        let answer = corral_become_successor(numbers, numbers.count, path, words, variables)
        throw SystemCallFailure(call: "execve", subject: path, errno: -answer)
    }

    deinit {
        for number in numbers { close(number) }
    }
}
