import CgroupPty
import Foundation
import Testing

@testable import SessionIndex

@Suite struct `What the index claims` {
    @Test func `is all sessions and workspaces, and the workspaces that nobody wants any more`() async throws {
        try await withIndex { index async throws in
            for state in WorkspaceRow.State.allCases where state != .deleting {
                try await index.put(Sample.workspace(state.rawValue, state: state))
            }
            for id in ["going", "gone", "kept"] { try await index.put(Sample.workspace(id)) }
            for status in SessionRow.Status.allCases {
                try await index.put(Sample.session(status.rawValue, in: "active", status: status))
            }
            for id in ["going", "gone", "kept"] {
                _ = try await index.tombstone(
                    WorkspaceID(id)!, receipt: Sample.receipt("r-\(id)", of: id), options: "{}", at: Sample.moment)
            }
            #expect(try await index.finishDestroy(WorkspaceID("gone")!, receiptBody: "{}", at: Sample.moment))
            #expect(
                try await index.restoreWorkspace(
                    WorkspaceID("kept")!, receiptBody: "{}", detail: nil, at: Sample.moment))

            let claims = try await index.claims()
            #expect(try await index.sessions(includeEnded: true) == claims.sessions)
            #expect(claims.sessions.count == SessionRow.Status.allCases.count)
            #expect(try await index.workspaces() == claims.workspaces)
            // A delete that was given up leaves a receipt of a workspace that lives: its scopes must never be reaped for it.
            #expect(claims.spentWorkspaces == [WorkspaceID("going")!, WorkspaceID("gone")!])
        }
    }

    @Test func `can be had by workspace, with and without what has ended, in the order of creation`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.workspace("other"))
            for (number, status) in SessionRow.Status.allCases.enumerated() {
                try await index.put(
                    Sample.session("here\(number)", status: status, createdAt: Sample.later(-Double(number))))
            }
            var orphan = Sample.session("orphan", status: .active, createdAt: Sample.later(9))
            orphan.originWorkspaceID = nil
            try await index.put(orphan, Sample.session("there", in: "other", createdAt: Sample.later(5)))
            func ids(_ workspace: String?, _ includeEnded: Bool) async throws -> [String] {
                try await index.sessions(
                    workspace: workspace.flatMap { WorkspaceID($0) }, includeEnded: includeEnded
                ).map(\.id.rawValue)
            }
            #expect(try await ids("wk4m2", true) == ["here4", "here3", "here2", "here1", "here0"])
            #expect(try await ids("wk4m2", false) == ["here2", "here1", "here0"])
            #expect(try await ids("none", true) == [])
            #expect(try await ids(nil, false) == ["here2", "here1", "here0", "there", "orphan"])
            #expect(try await ids(nil, true).count == 7)
            #expect(
                try await index.sessionCounts()
                    == SessionCounts(
                        unended: [WorkspaceID("wk4m2")!: 3, WorkspaceID("other")!: 1],
                        byStatus: [.starting: 2, .active: 2, .stopping: 1, .exited: 1, .disposed: 1]))
        }
    }

    @Test func `can be asked which of some sessions it still knows`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            for (number, status) in SessionRow.Status.allCases.enumerated() {
                try await index.put(Sample.session("here\(number)", status: status))
            }
            func recorded(_ ids: [String]) async throws -> Set<String> {
                Set(try await index.recorded(ids.compactMap { SessionID($0) }).map(\.rawValue))
            }
            #expect(try await recorded(["here0", "gone", "here4"]) == ["here0", "here4"])
            #expect(try await recorded(["gone"]) == [])
            #expect(try await recorded([]) == [])
            #expect(try await recorded((0..<5000).map { "here\($0)" }).count == SessionRow.Status.allCases.count)
        }
    }

    @Test func `is one moment: a delete is seen as a whole or not at all`() async throws {
        try await withIndex { index async throws in
            let ids = (0..<20).map { "work\($0)" }
            for id in ids {
                try await index.put(Sample.workspace(id), Sample.session(id + "s", in: id, status: .disposed))
            }
            async let deletes: Void = {
                for id in ids {
                    _ = try await index.tombstone(
                        WorkspaceID(id)!, receipt: Sample.receipt("r-\(id)", of: id), options: "{}", at: Sample.moment)
                    _ = try await index.finishDestroy(WorkspaceID(id)!, receiptBody: "{}", at: Sample.moment)
                }
            }()
            for _ in 0..<50 {
                let claims = try await index.claims()
                let workspaces = Set(claims.workspaces.map(\.id))
                #expect(claims.sessions.allSatisfy { workspaces.contains($0.workspaceID) })
                #expect(
                    claims.workspaces.filter { $0.state == .active }.allSatisfy {
                        !claims.spentWorkspaces.contains($0.id)
                    })
                #expect(workspaces.union(claims.spentWorkspaces).count == ids.count)
            }
            try await deletes
        }
    }
}

@Suite struct `Pruning the index` {
    private let workspace = WorkspaceID("wk4m2")!

    @Test func `drops what ended before, and nothing that has not ended`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            for status in SessionRow.Status.allCases {
                try await index.put(
                    Sample.session("\(status.rawValue)old", status: status, endedAt: Sample.later(1)),
                    Sample.session("\(status.rawValue)new", status: status, endedAt: Sample.later(2)))
            }
            try await index.put(
                Sample.receipt("old", of: "gone", finishedAt: Sample.later(1)),
                Sample.receipt("new", of: "gone", finishedAt: Sample.later(2)), Sample.receipt("unfinished", of: "gone")
            )
            let count = try await index.prune(endedBefore: Sample.later(2), keepingAtMost: 100)
            #expect(count == PruneCount(sessions: 2, receipts: 1))
            #expect(
                Set(try await index.sessions(includeEnded: true).map(\.id.rawValue)) == [
                    "startingold", "startingnew", "activeold", "activenew", "stoppingold", "stoppingnew", "exitednew",
                    "disposednew",
                ])
            #expect(Set(try await index.receipts(limit: 10).map(\.id)) == ["new", "unfinished"])
        }
    }

    @Test func `keeps the newest of what is left, up to the number (I8)`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.session("living", status: .active))
            for number in 0..<10 {
                try await index.put(
                    Sample.session("ended\(number)", status: .exited, endedAt: Sample.later(Double(number))),
                    Sample.receipt("r\(number)", of: "gone", finishedAt: Sample.later(Double(number))))
            }
            let count = try await index.prune(endedBefore: Sample.later(-1), keepingAtMost: 3)
            #expect(count == PruneCount(sessions: 7, receipts: 7))
            #expect(
                Set(try await index.sessions(includeEnded: true).map(\.id.rawValue))
                    == ["living", "ended7", "ended8", "ended9"])
            #expect(Set(try await index.receipts(limit: 10).map(\.id)) == ["r7", "r8", "r9"])
            #expect(
                try await index.prune(endedBefore: Sample.later(-1), keepingAtMost: 0)
                    == PruneCount(sessions: 3, receipts: 3))
        }
    }

    @Test func `spares a session that left processes in a workspace that is there`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            for (name, onExit, status, left) in [
                ("keptleft", .keep, .exited, 2), ("keptnone", .keep, .exited, 0), ("keptunknown", .keep, .exited, nil),
                ("killleft", .kill, .exited, 2), ("keptdisposed", .keep, .disposed, 2),
            ] as [(String, SessionRow.OnExit, SessionRow.Status, Int?)] {
                var row = Sample.session(name, status: status, onExit: onExit)
                row.membersLeft = left
                try await index.put(row)
            }
            var orphan = Sample.session("orphan", status: .exited, onExit: .keep)
            orphan.originWorkspaceID = nil
            orphan.membersLeft = 2
            try await index.put(orphan)
            try await index.prune(endedBefore: Sample.later(1000), keepingAtMost: 0)
            #expect(try await index.sessions(includeEnded: true).map(\.id.rawValue) == ["keptleft"])
            #expect(try await index.setMembersLeft(SessionID("keptleft")!, 0))
            try await index.prune(endedBefore: Sample.later(1000), keepingAtMost: 0)
            #expect(try await index.sessions(includeEnded: true) == [])
        }
    }

    @Test func `takes the history of a receipt with it, and leaves a delete that is under way`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.workspace("other"))
            for id in ["wk4m2", "other"] {
                _ = try await index.tombstone(
                    WorkspaceID(id)!, receipt: Sample.receipt("r-\(id)", of: id), options: "{}", at: Sample.moment)
                _ = try await index.recordStep(WorkspaceID(id)!, step: "stop", receiptBody: "{}", at: Sample.moment)
            }
            _ = try await index.finishDestroy(workspace, receiptBody: "{}", at: Sample.moment)
            #expect(try await index.steps("r-wk4m2").count == 1)
            try await index.prune(endedBefore: Sample.later(9), keepingAtMost: 0)
            #expect(try await index.receipts(limit: 10).map(\.id) == ["r-other"])
            #expect(try await index.steps("r-wk4m2") == [])
            #expect(try await index.steps("r-other").count == 1)
            #expect(try await index.destroys().count == 1)
        }
    }
}
