import Foundation
import Testing

@testable import SessionIndex

/// Regression: SQLite goes on in a file that was removed or replaced, and all was recorded where nobody would ever read it.
@Suite struct `An index whose file was taken away` {
    @Test(arguments: [false, true])
    func `fails every call, and is the same again once it is put back (I3, I7)`(isReplaced: Bool) async throws {
        let directory = ScratchDirectory()
        let index = try await Index.open(directory: directory.path)
        try await index.put(Sample.workspace())
        let other = directory.database + ".other"
        try FileManager.default.moveItem(atPath: directory.database, toPath: other)
        if isReplaced { try Data("other".utf8).write(to: URL(fileURLWithPath: directory.database)) }

        let failure = await #expect(throws: IndexFailure.self) { try await index.addTrash("t") }
        let attempt = try #require(
            failure.flatMap { failure -> IndexFailure.Attempt? in
                guard case .displaced(let attempt) = failure else { return nil }
                return attempt
            }, "\(String(describing: failure))")
        #expect(attempt.path == directory.database)
        let reading = await #expect(throws: IndexFailure.self) { try await index.workspaces() }
        guard case .displaced = reading else {
            Issue.record("\(String(describing: reading))")
            return
        }

        // Put back, it is the same index.
        if isReplaced { try FileManager.default.removeItem(atPath: directory.database) }
        try FileManager.default.moveItem(atPath: other, toPath: directory.database)
        #expect(try await index.workspaces() == [Sample.workspace()])
        #expect(try await index.trash() == [])
        try await index.addTrash("t")
        #expect(try await index.trash() == ["t"])
        try await index.close()
    }

    @Test func `leaves nothing in its place when it is closed`() async throws {
        let directory = ScratchDirectory()
        let index = try await Index.open(directory: directory.path)
        try await index.put(Sample.workspace())
        try FileManager.default.removeItem(atPath: directory.database)
        try await index.close()
        #expect(!FileManager.default.fileExists(atPath: directory.database))
    }
}
