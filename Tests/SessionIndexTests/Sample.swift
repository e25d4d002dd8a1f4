import CgroupPty
import Foundation
import GRDB

@testable import SessionIndex

/// Rows that differ from each other in every column, and moments that are easy to read.
enum Sample {
    static let moment = Date(timeIntervalSince1970: 1_763_845_378.123)

    static func later(_ seconds: Double) -> Date { moment.addingTimeInterval(seconds) }

    static func workspace(
        _ id: String = "wk4m2", state: WorkspaceRow.State = .active, kind: WorkspaceRow.Kind = .worktree,
        repository: String? = "/home/ada/engine", branch: String? = nil, path: String? = nil,
        createdAt: Date = moment
    ) -> WorkspaceRow {
        WorkspaceRow(
            id: WorkspaceID(id)!, name: "name of \(id)", kind: kind, state: state, repository: repository,
            branch: branch ?? "branch-of-\(id)", path: path ?? "/home/ada/worktrees/\(id)",
            worktreeIdentity: FileIdentity(device: 0xFFFF_FFFF_FFFF_FFF1, inode: 1 << 63),
            request: "{\"id\":\"\(id)\"}",
            detail: "detail of \(id)", createdAt: createdAt, branchWasCreated: true)
    }

    static func session(
        _ id: String = "s9x1", in workspace: String = "wk4m2", kind: SessionRow.Kind = .shell,
        status: SessionRow.Status = .starting, stamped: Bool = false, onExit: SessionRow.OnExit = .kill,
        reason: SessionRow.EndReason = .exited, createdAt: Date = moment, endedAt: Date = later(60),
        request: String = "{}"
    ) -> SessionRow {
        SessionRow(
            id: SessionID(id)!, originWorkspaceID: WorkspaceID(workspace)!, workspaceID: WorkspaceID(workspace)!,
            kind: kind, title: "title of \(id)", status: status, command: ["/bin/sh", "-c", "echo \(id)"],
            cwd: "/home/ada/worktrees/\(workspace)", onExit: onExit,
            unit: "corral-1f2e3d4c-\(workspace)-\(id).scope", bootID: "boot-1",
            endReason: status.isEnded ? reason : nil, disposeRequestedAt: stamped ? later(30) : nil,
            request: request, createdAt: createdAt, endedAt: status.isEnded ? endedAt : nil)
    }

    static func receipt(
        _ id: String = "r1", of workspace: String = "wk4m2", createdAt: Date = moment, finishedAt: Date? = nil
    ) -> ReceiptRow {
        ReceiptRow(
            id: id, workspaceID: WorkspaceID(workspace)!, body: "{\"receipt\":\"\(id)\"}", createdAt: createdAt,
            finishedAt: finishedAt)
    }

    static let leader = ProcessIdentity(pid: ProcessID(4711), startTicks: 123_456)
}

/// A directory that goes with this object.
final class ScratchDirectory: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "corral-index-" + UUID().uuidString
    }

    var database: String { path + "/index.db" }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The rights of a file, as in chmod(1).
    func rights(_ file: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    /// Makes the directory and runs SQL on a database in it, as some other program would.
    func withDatabase<Answer>(_ body: (Database) throws -> Answer) throws -> Answer {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let queue = try DatabaseQueue(path: database)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction(body)
    }
}

/// Opens an index in a directory of its own, and closes and removes it when `body` is done.
func withIndex<Answer>(_ body: (Index) async throws -> Answer) async throws -> Answer {
    let directory = ScratchDirectory()
    let index = try await Index.open(directory: directory.path)
    let answer = try await body(index)
    try await index.close()
    withExtendedLifetime(directory) {}
    return answer
}

extension Index {
    /// Writes rows as they are, past all conditions.
    func put(_ rows: any StoredRow...) async throws {
        try await write("put", "") { database in
            for row in rows { try row.insert(database) }
            return
        }
    }

    /// Runs SQL on the connection that writes.
    func run(_ sql: String) async throws {
        try await pool.writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    /// The first number that a query on the connection that writes gives.
    func number(_ sql: String) async throws -> Int? {
        try await pool.writeWithoutTransaction { try Int.fetchOne($0, sql: sql) }
    }

    /// The first text that a query on the connection that writes gives.
    func text(_ sql: String) async throws -> String? {
        try await pool.writeWithoutTransaction { try String.fetchOne($0, sql: sql) }
    }
}

/// All subsets with one element, for conditions that name the states that they were judged from.
func each<Word: CaseIterable & Hashable>(_: Word.Type) -> [Set<Word>] { Word.allCases.map { [$0] } }
