import CgroupPty
import Foundation
import GRDB
import Testing

@testable import SessionIndex

@Suite struct `A full disk` {
    @Test func `refuses a row and changes nothing`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            try await index.limitToPresentSize()
            let row = Sample.session(request: String(repeating: "x", count: 1 << 20))
            let failure = await #expect(throws: IndexFailure.self) { try await index.insertStarting(row) }
            #expect(
                failure?.description
                    == "insert session s9x1 in \(index.path): no space is left on the disk or in the quota; "
                    + "nothing was changed")
            #expect(try await index.sessions(includeEnded: true) == [])

            try await index.run("PRAGMA max_page_count = 100000")
            #expect(try await index.insertStarting(row) == .inserted)
        }
    }

    @Test func `refuses a tombstone as a whole`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            try await index.limitToPresentSize()
            let receipt = ReceiptRow(
                id: "r1", workspaceID: WorkspaceID("wk4m2")!, body: String(repeating: "x", count: 1 << 20),
                createdAt: Sample.moment)
            let failure = await #expect(throws: IndexFailure.self) {
                try await index.tombstone(
                    WorkspaceID("wk4m2")!, receipt: receipt, options: "{}", at: Sample.moment)
            }
            let attempt = IndexFailure.Attempt(
                verb: "write the tombstone of workspace", subject: "wk4m2", path: index.path)
            #expect(failure == .full(attempt))
            #expect(try await index.workspaces() == [Sample.workspace()])
            #expect(try await index.destroys() == [])
            #expect(try await index.receipts(limit: 10) == [])
        }
    }

    @Test(arguments: [ENOSPC, EDQUOT])
    func `is the same failure when a system call reports it`(code: CInt) {
        let call = SystemCallFailure(call: "mkdir", subject: "/x", errno: code)
        #expect(
            IndexFailure(call, verb: "lock index", path: "/x")
                == .full(IndexFailure.Attempt(verb: "lock index", subject: "", path: "/x")))
    }
}

@Suite struct `A damaged index` {
    @Test func `fails the read that meets a broken page, and no other`() async throws {
        let directory = ScratchDirectory()
        let index = try await Index.open(directory: directory.path)
        try await index.put(Sample.workspace())
        try await index.addTrash("t1")
        let page = try await index.number("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_trash_1'")
        let size = try await index.number("PRAGMA page_size")
        try await index.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: directory.database))
        try file.seek(toOffset: UInt64((page! - 1) * size!))
        try file.write(contentsOf: Data(repeating: 0xFF, count: size!))
        try file.close()

        let again = try await Index.open(directory: directory.path)
        #expect(try await again.workspaces() == [Sample.workspace()])
        let failure = await #expect(throws: IndexFailure.self) { try await again.trash() }
        #expect(
            failure?.description
                == "read trash in \(directory.database): the file is damaged (database disk image is malformed); "
                + "nothing was changed")
        try await again.close()
    }

    @Test(arguments: [
        ("UPDATE session SET status = 'gone'", "session.status holds \"gone\""),
        ("UPDATE session SET id = 'a-b'", "session.id holds \"a-b\""),
        ("UPDATE session SET created_at = 'yesterday'", "session.created_at holds \"yesterday\""),
        ("UPDATE session SET command = '[1]'", "session.command holds \"[1]\""),
    ])
    func `fails a read of a row that no release writes, and does not end the process`(
        sql: String, message: String
    ) async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.session())
            try await index.run("PRAGMA ignore_check_constraints = ON; \(sql)")
            let failure = await #expect(throws: IndexFailure.self) { try await index.claims() }
            #expect(
                failure
                    == .corrupt(
                        IndexFailure.Attempt(verb: "read claims", subject: "", path: index.path), message: message))
        }
    }

    @Test func `cannot come from us: the database refuses words that are not in the enums`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.session())
            for sql in [
                "UPDATE session SET status = 'gone'", "UPDATE session SET kind = 'x'",
                "UPDATE session SET on_exit = 'x'",
                "UPDATE session SET end_reason = 'x'", "UPDATE session SET status = 'exited'",
                "UPDATE session SET leader_pid = 1", "UPDATE session SET exit_code = 1, exit_signal = 1",
                "UPDATE session SET created_at = x'00'", "UPDATE session SET origin_workspace_id = 'none'",
                "UPDATE workspace SET state = 'x'", "UPDATE workspace SET kind = 'x'",
            ] {
                await #expect(throws: DatabaseError.self, "\(sql)") { try await index.run(sql) }
            }
            for status in SessionRow.Status.allCases {
                for reason in SessionRow.EndReason.allCases {
                    try await index.put(Sample.session(SessionID.mint().rawValue, status: status, reason: reason))
                }
            }
        }
    }
}

extension Index {
    /// Forbids the database to grow, as a disk without room does.
    func limitToPresentSize() async throws {
        let pages = try await number("PRAGMA page_count")
        try await run("PRAGMA max_page_count = \(pages ?? 1)")
    }
}
