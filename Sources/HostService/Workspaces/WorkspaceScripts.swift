import CgroupPty
import FoundationEssentials
import Glibc
import HostProtocol
import SessionIndex

/// A workspace's own scripts, `.corral/setup` and `.corral/teardown`: run only when the person trusts exactly this content.
///
/// A repository that was cloned from somewhere must not run code because a workspace of it is made or deleted. So `corral
/// repository trust` keeps a copy of each script under the state directory, as direnv keeps its `allow` files, and a script whose
/// bytes differ is skipped with a warning that says how to trust it. Scripts are opened without following links.
struct WorkspaceScripts: Sendable {
    /// Which script.
    enum Name: String, Sendable, CaseIterable {
        case setup, teardown

        /// The kind of session that it runs in.
        var kind: SessionRow.Kind { self == .setup ? .setup : .teardown }
    }

    /// What came of it.
    enum Outcome: Sendable, Equatable {
        case absent
        /// It was skipped; says why, and what to do.
        case skipped(String)
        case ran(ScopedCommand.Outcome)
    }

    /// A script is a few lines; a megabyte of it is none.
    private static let sizeLimit = 1 << 20

    let context: HostContext
    let command: ScopedCommand

    /// Runs a script if it is there and trusted.
    func run(_ name: Name, in workspace: WorkspaceRow, isRetry: Bool = false) async throws -> Outcome {
        let path = "\(workspace.path)/.corral/\(name.rawValue)"
        let directory = workspace.path
        let content = try await context.askDisk("read", path) { () throws(SystemCallFailure) in
            try Self.read(name, below: directory)
        }
        guard let content else { return .absent }
        guard let content = content.bytes else {
            return .skipped(
                "\(path) was skipped: it is not an executable file (chmod +x); once it is, it is to be trusted"
            )
        }
        guard let repository = workspace.repository, try await trusted(name, repository) == content else {
            return .skipped(
                "\(path) was skipped: it is not trusted, or has changed since it was; look at it, then: corral repository trust \(workspace.path)"
            )
        }
        return .ran(
            try await command.run(
                [path], in: workspace, kind: name.kind, title: name.rawValue, directory: workspace.path,
                environment: [:],
                isRetry: isRetry, timeout: context.configuration.scriptTimeout))
    }

    /// Trusts the scripts that lie in a directory now, for all workspaces of its repository.
    /// - Returns: the names of those that are there; the others are no longer trusted.
    func trust(below directory: String, repository: String) async throws -> [Name] {
        let (base, place) = trustDirectories(repository)
        return try await context.askDisk("read", "\(directory)/.corral") { () throws(SystemCallFailure) in
            for path in [base, place] where mkdir(path, 0o700) != 0 && errno != EEXIST {
                throw SystemCallFailure(call: "mkdir", subject: path, errno: errno)
            }
            return try Self.copy(below: directory, to: place)
        }
    }

    private static func copy(below directory: String, to place: String) throws(SystemCallFailure) -> [Name] {
        var found: [Name] = []
        for name in Name.allCases {
            let copy = "\(place)/\(name.rawValue)"
            if let content = try read(name, below: directory)?.bytes {
                let draft = copy + ".new"
                let file = try OwnedFileDescriptor.open(path: draft, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
                try file.writeAll(content, name: draft)
                try retryingInterrupted("rename", copy) { rename(draft, copy) }
                found.append(name)
            } else if unlink(copy) != 0, errno != ENOENT {
                throw SystemCallFailure(call: "unlink", subject: copy, errno: errno)
            }
        }
        return found
    }

    /// How a script ended, in words.
    static func words(_ exit: SessionRow.Exit?) -> String {
        switch exit {
        case .code(let code): "exited with status \(code)"
        case .signal(let signal): "was ended by signal \(signal)"
        case nil: "ended in a way that is not known"
        }
    }

    private func trusted(_ name: Name, _ repository: String) async throws -> [UInt8]? {
        let path = "\(trustDirectories(repository).place)/\(name.rawValue)"
        return try await context.askDisk("read", path) { () throws(SystemCallFailure) in
            do throws(SystemCallFailure) {
                return try OwnedFileDescriptor.open(path: path, flags: O_RDONLY | O_NOFOLLOW)
                    .readToEnd(name: path, limit: Self.sizeLimit)
            } catch {
                if error.errno == ENOENT { return nil }
                throw error
            }
        }
    }

    /// One directory for each repository, named by its path: every byte that is no letter or digit as `_xx`.
    private func trustDirectories(_ repository: String) -> (base: String, place: String) {
        let name = repository.utf8.map { byte -> String in
            let scalar = Unicode.Scalar(byte)
            return scalar.properties.isAlphabetic && byte < 128 || (48...57).contains(byte)
                ? String(scalar) : "_" + String(byte, radix: 16)
        }.joined()
        let base = context.configuration.stateDirectory + "/trusted"
        return (base, "\(base)/\(name)")
    }

    /// What lies in a script's place.
    private struct Content {
        /// Nil when it is no executable file.
        var bytes: [UInt8]?
    }

    /// What is there of a script; nil when there is nothing. A link, or a directory `.corral` that is one, is nothing.
    private static func read(_ name: Name, below directory: String) throws(SystemCallFailure) -> Content? {
        do throws(SystemCallFailure) {
            let place = try OwnedFileDescriptor.open(path: directory, flags: O_RDONLY | O_DIRECTORY)
                .open(".corral", flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            let file = try place.open(name.rawValue, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            var status = stat()
            try retryingInterrupted("fstat", name.rawValue) { file.withRawValue { fstat($0, &status) } }
            guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o100 != 0 else { return Content() }
            return Content(
                bytes: try file.readToEnd(name: "\(directory)/.corral/\(name.rawValue)", limit: sizeLimit))
        } catch {
            if [ENOENT, ELOOP, ENOTDIR].contains(error.errno) { return nil }
            throw error
        }
    }
}
