import CgroupPty
import Foundation
import Testing

@testable import SessionIndex

@Suite struct `A workspace in the index` {
    private let id = WorkspaceID("wk4m2")!

    @Test(arguments: WorkspaceRow.Kind.allCases, WorkspaceRow.State.allCases)
    func `reads back as it was written`(kind: WorkspaceRow.Kind, state: WorkspaceRow.State) async throws {
        try await withIndex { index async throws in
            var bare = Sample.workspace("bare", repository: nil, createdAt: Date(timeIntervalSince1970: 1.00049))
            bare.branch = nil
            bare.worktreeIdentity = nil
            bare.detail = nil
            bare.branchWasCreated = false
            let rows = [bare, Sample.workspace("full", state: state, kind: kind)]
            for row in rows { try await index.put(row) }
            #expect(try await index.workspaces() == rows)
            #expect(try await index.workspace(WorkspaceID("full")!) == rows[1])
            #expect(try await index.workspace(WorkspaceID("none")!) == nil)
        }
    }

    @Test(arguments: WorkspaceRow.State.allCases)
    func `keeps its id from a second one, in whatever state it is`(state: WorkspaceRow.State) async throws {
        try await withIndex { index async throws in
            let row = Sample.workspace(state: state)
            try await index.put(row)
            #expect(try await index.insertWorkspace(Sample.workspace(path: "/elsewhere")) == .idUsed(row))
        }
    }

    @Test(arguments: WorkspaceRow.State.allCases)
    func `keeps its branch from a second one while it is being created or active`(
        state: WorkspaceRow.State
    ) async throws {
        try await withIndex { index async throws in
            let row = Sample.workspace("first", state: state, branch: "main")
            try await index.put(row)
            let second = Sample.workspace("second", state: .creating, branch: "main")
            let taken = state == .creating || state == .active
            #expect(try await index.insertWorkspace(second) == (taken ? .branchTaken(row) : .inserted))
            #expect(
                try await index.insertWorkspace(
                    Sample.workspace("other", state: .creating, repository: "/elsewhere", branch: "main")) == .inserted)
        }
    }

    @Test func `shares no branch when it has none`() async throws {
        try await withIndex { index async throws in
            for id in ["one1", "two2"] {
                var row = Sample.workspace(id, state: .creating, kind: .adopted, repository: nil)
                row.branch = nil
                #expect(try await index.insertWorkspace(row) == .inserted)
            }
        }
    }

    @Test(arguments: WorkspaceRow.State.allCases)
    func `keeps its path from a second one, in whatever state it is`(state: WorkspaceRow.State) async throws {
        try await withIndex { index async throws in
            let row = Sample.workspace("first", state: state, path: "/same")
            try await index.put(row)
            #expect(
                try await index.insertWorkspace(Sample.workspace("second", state: .creating, path: "/same"))
                    == .pathTaken(row))
        }
    }

    @Test func `leaves its id spent as long as its receipt is kept`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            _ = try await index.tombstone(id, receipt: Sample.receipt("r1"), options: "{}", at: Sample.moment)
            #expect(try await index.finishDestroy(id, receiptBody: "{}", at: Sample.moment))
            #expect(try await index.insertWorkspace(Sample.workspace()) == .idSpent(receiptID: "r1"))
            try await index.prune(endedBefore: Sample.later(1), keepingAtMost: 10)
            #expect(try await index.insertWorkspace(Sample.workspace()) == .inserted)
        }
    }

    @Test func `moves only from the state that the change was judged from, and only where that is allowed`()
        async throws
    {
        let allowed: Set<[WorkspaceRow.State]> = [
            [.creating, .creating], [.creating, .active], [.creating, .failed], [.active, .active],
            [.failed, .failed], [.deleting, .deleting],
        ]
        for state in WorkspaceRow.State.allCases {
            for from in each(WorkspaceRow.State.self) + [[], Set(WorkspaceRow.State.allCases)] {
                for to in WorkspaceRow.State.allCases {
                    try await withIndex { index async throws in
                        let row = Sample.workspace(state: state)
                        try await index.put(row)
                        let moved = try await index.updateWorkspace(id, from: from, to: to, detail: nil)
                        #expect(
                            moved == (from.contains(state) && allowed.contains([state, to])), "\(state) \(from) \(to)")
                        var expected = row
                        if moved {
                            expected.state = to
                            expected.detail = nil
                        }
                        #expect(try await index.workspace(id) == expected, "\(state) \(from) \(to)")
                    }
                }
            }
        }
    }

    @Test func `takes what was learnt and keeps the rest`() async throws {
        try await withIndex { index async throws in
            var row = Sample.workspace(state: .creating)
            try await index.put(row)
            #expect(try await index.updateWorkspace(id, from: [.creating], to: .creating, detail: "d", name: "n"))
            row.detail = "d"
            row.name = "n"
            #expect(try await index.workspace(id) == row)
            let identity = FileIdentity(device: 1, inode: 2)
            #expect(
                try await index.updateWorkspace(
                    id, from: [.creating], to: .active, detail: nil, path: "/p", branch: "b",
                    worktreeIdentity: identity,
                    branchWasCreated: false))
            row.state = .active
            row.detail = nil
            row.path = "/p"
            row.branch = "b"
            row.worktreeIdentity = identity
            row.branchWasCreated = false
            #expect(try await index.workspace(id) == row)
            #expect(
                try await !index.updateWorkspace(WorkspaceID("none")!, from: [.active], to: .active, detail: nil))
        }
    }

    @Test(arguments: WorkspaceRow.State.allCases)
    func `takes another name in whatever state it is`(state: WorkspaceRow.State) async throws {
        try await withIndex { index async throws in
            var row = Sample.workspace(state: state)
            try await index.put(row)
            #expect(try await index.renameWorkspace(id, name: "other"))
            row.name = "other"
            #expect(try await index.workspace(id) == row)
            #expect(try await !index.renameWorkspace(WorkspaceID("none")!, name: "other"))
        }
    }

    @Test(arguments: WorkspaceRow.State.allCases)
    func `is forgotten only when its creation was undone and no session of it is left`(
        state: WorkspaceRow.State
    ) async throws {
        for status in SessionRow.Status.allCases {
            for from in each(WorkspaceRow.State.self) + [[], Set(WorkspaceRow.State.allCases)] {
                try await withIndex { index async throws in
                    try await index.put(Sample.workspace(state: state), Sample.session(kind: .setup, status: status))
                    let forgotten = try await index.forgetWorkspace(id, from: from)
                    let expected = from.contains(state) && (state == .creating || state == .failed) && status.isEnded
                    #expect(forgotten == expected, "\(state) \(status) \(from)")
                    #expect(try await index.workspace(id) == (forgotten ? nil : Sample.workspace(state: state)))
                    let session = try await index.session(SessionID("s9x1")!)
                    #expect(session?.originWorkspaceID == (forgotten ? nil : id))
                }
            }
        }
    }

    @Test func `leaves its id free when it was forgotten`() async throws {
        try await withIndex { index async throws in
            #expect(try await index.insertWorkspace(Sample.workspace(state: .creating)) == .inserted)
            #expect(try await index.forgetWorkspace(id, from: [.creating]))
            #expect(try await index.insertWorkspace(Sample.workspace(state: .creating)) == .inserted)
        }
    }
}
