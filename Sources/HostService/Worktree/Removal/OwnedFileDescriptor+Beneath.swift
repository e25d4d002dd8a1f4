import CSystemd
import CgroupPty
import Glibc

/// Opens a name without asking for any permission on the file: enough to identify it and to start from there.
///
/// See: open(2), O_PATH
let O_PATH = corral_o_path

/// Opening, renaming and unlinking by which nothing outside of a directory can be reached.
extension OwnedFileDescriptor {
    /// Opens a path below this directory, following no link and crossing no mount.
    ///
    /// See: openat2(2), RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV
    /// - Parameter subject: The path as a failure names it.
    /// - Throws: ``SystemCallFailure``: `ELOOP` for a link on the way, `EXDEV` for a mount or a way out.
    borrowing func openBeneath(
        _ path: ByteString, flags: CInt, subject: @autoclosure () -> String
    ) throws(SystemCallFailure) -> OwnedFileDescriptor {
        let raw = withRawValue { $0 }
        let answer = path.withCString { corral_open_beneath(raw, $0, flags) }
        if answer < 0 { throw SystemCallFailure(call: "openat2", subject: subject(), errno: -answer) }
        return OwnedFileDescriptor(adopting: answer)
    }

    /// Renames an entry of this directory into another directory, over nothing.
    ///
    /// See: renameat2(2), RENAME_NOREPLACE
    /// - Throws: ``SystemCallFailure``: `EEXIST` when the new name is taken, `EXDEV` when it is on another mount.
    borrowing func renameEntry(
        _ name: ByteString, to target: borrowing OwnedFileDescriptor, _ newName: ByteString,
        subject: @autoclosure () -> String
    ) throws(SystemCallFailure) {
        let (from, into) = (withRawValue { $0 }, target.withRawValue { $0 })
        var answer = name.withCString { old in
            newName.withCString { corral_rename_no_replace(from, old, into, $0) }
        }
        if answer == -EINVAL {
            // Some network and FUSE file systems know no RENAME_NOREPLACE. New names are random, so a look is enough.
            answer = name.withCString { old in
                newName.withCString { new in
                    if faccessat(into, new, F_OK, AT_SYMLINK_NOFOLLOW) == 0 { return -EEXIST }
                    return renameat(from, old, into, new) == 0 ? 0 : -errno
                }
            }
        }
        if answer < 0 { throw SystemCallFailure(call: "renameat2", subject: subject(), errno: -answer) }
    }

    /// Removes an entry of this directory. One that is not there is no failure.
    ///
    /// See: unlinkat(2)
    /// - Parameter isDirectory: Removes an empty directory, else anything but a directory.
    /// - Returns: 0, or the `errno` that was not `ENOENT`.
    borrowing func unlinkEntry(_ name: ByteString, isDirectory: Bool = false) -> CInt {
        let raw = withRawValue { $0 }
        return name.withCString {
            unlinkat(raw, $0, isDirectory ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT ? 0 : errno
        }
    }

    /// Adds permission bits, also through an `O_PATH` descriptor.
    /// - Returns: 0 or an `errno`.
    borrowing func addMode(_ bits: UInt32) -> CInt {
        let raw = withRawValue { $0 }
        return -corral_add_mode(raw, bits)
    }

    /// The real path of the open file at this moment.
    ///
    /// See: proc(5), /proc/self/fd
    borrowing func realPath(name: String) throws(SystemCallFailure) -> ByteString {
        let raw = withRawValue { $0 }
        return try ByteString("/proc/self/fd/\(raw)").linkTarget(name: name)
    }
}

extension ByteString {
    /// Where a symbolic link points.
    ///
    /// See: readlink(2)
    func linkTarget(name: String) throws(SystemCallFailure) -> ByteString {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = try retryingInterrupted("readlink", name) {
            withCString { readlink($0, &buffer, buffer.count - 1) }
        }
        return ByteString(bytes: buffer[..<count].map { UInt8(bitPattern: $0) })
    }
}
