import Glibc

@testable import CgroupPty

/// A directory that goes with this object.
final class Scratch {
    let path: String

    init() throws {
        var template = Array("/tmp/corral-reaper-tests.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SystemCallFailure(call: "mkdtemp", subject: "scratch", errno: errno)
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        do {
            for name in try names() { unlink("\(path)/\(name)") }
        } catch {
            print("scratch directory \(path): \(error)")
        }
        rmdir(path)
    }

    func names() throws -> [String] { try DirectoryListing.names(path: path).sorted() }

    func write(_ text: String, to name: String) throws {
        try OwnedFileDescriptor.open(path: "\(path)/\(name)", flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
            .writeAll(text.utf8, name: name)
    }
}
