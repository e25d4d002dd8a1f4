import CgroupPty
import Glibc

/// Counts descriptors of this process that share an open file's inode, so that tests can run beside each other.
enum DescriptorCount {
    /// How many descriptors name the same pipe, socket or file as this one.
    static func sharing(_ descriptor: borrowing OwnedFileDescriptor) throws -> Int {
        let wanted = try descriptor.identity(name: "counted")
        var count = 0
        for name in try DirectoryListing.names(path: "/proc/self/fd") {
            guard let number = CInt(name) else { continue }
            var status = stat()
            if fstat(number, &status) == 0, status.st_dev == wanted.device, status.st_ino == wanted.inode { count += 1 }
        }
        return count
    }

    /// How many descriptors there are, whatever they name. Other tests change it at any time.
    static func all() throws -> Int { try DirectoryListing.names(path: "/proc/self/fd").count }

    /// How many of them pin this process.
    static func pinning(_ pid: ProcessID) throws -> Int {
        var count = 0
        for name in try DirectoryListing.names(path: "/proc/self/fdinfo") {
            do throws(SystemCallFailure) {
                let bytes = try OwnedFileDescriptor.open(path: "/proc/self/fdinfo/\(name)", flags: O_RDONLY).readToEnd(
                    name: name)
                if String(decoding: bytes, as: UTF8.self).contains("Pid:\t\(pid)\n") { count += 1 }
            } catch {
                // Another test has closed it since.
            }
        }
        return count
    }
}
