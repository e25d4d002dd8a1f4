import CgroupPty
import Foundation
import Testing

@testable import SessionIndex

@Suite struct `The end of a session in the index` {
    private let id = SessionID("s9x1")!
    private let workspace = WorkspaceID("wk4m2")!

    @Test(arguments: SessionRow.Status.allCases, [false, true])
    func `is asked for once: the first time stays, and only an active one is stopping`(
        status: SessionRow.Status, stamped: Bool
    ) async throws {
        try await withIndex { index async throws in
            var expected = Sample.session(status: status, stamped: stamped)
            try await index.put(Sample.workspace(), expected)
            if status != .disposed, !stamped {
                expected.disposeRequestedAt = Sample.later(45)
                expected.disposeReason = .maxRuntime
            }
            if status == .active { expected.status = .stopping }
            #expect(try await index.stampDispose(id, because: .maxRuntime, at: Sample.later(45)) == expected)
            #expect(try await index.stampDispose(id, because: .killed, at: Sample.later(50)) == expected)
            #expect(try await index.session(id) == expected)
        }
    }

    @Test func `cannot be asked for without a row`() async throws {
        try await withIndex { index async throws in
            #expect(try await index.stampDispose(id, at: Sample.moment) == nil)
        }
    }

    @Test func `is asked for in a whole workspace, and in no other`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.workspace("other"))
            for (number, status) in SessionRow.Status.allCases.enumerated() {
                try await index.put(
                    Sample.session("here\(number)", status: status, createdAt: Sample.later(Double(number))),
                    Sample.session("there\(number)", in: "other", status: status))
            }
            let stamped = try await index.stampDispose(workspace: workspace, at: Sample.later(45))
            #expect(stamped.map(\.id.rawValue) == ["here0", "here1", "here2"])
            #expect(stamped.map(\.status) == [.starting, .stopping, .stopping])
            #expect(stamped.allSatisfy { $0.disposeRequestedAt == Sample.later(45) })
            for row in try await index.sessions(includeEnded: true) where !stamped.contains(row) {
                #expect(row.disposeRequestedAt == nil)
            }
        }
    }

    @Test(arguments: SessionRow.Status.allCases)
    func `that failed leaves a stopping session active, and the wish stays (I3)`(
        status: SessionRow.Status
    ) async throws {
        try await withIndex { index async throws in
            var expected = Sample.session(status: status, stamped: true)
            try await index.put(Sample.workspace(), expected)
            let restored = try await index.restoreActive(id, lastOutcome: "unkillable")
            #expect(restored == (status == .stopping))
            if restored {
                expected.status = .active
                expected.lastOutcome = "unkillable"
            }
            #expect(try await index.session(id) == expected)
            #expect(try await index.recordOutcome(id, lastOutcome: "unknown"))
            expected.lastOutcome = "unknown"
            #expect(try await index.session(id) == expected)
            #expect(try await !index.recordOutcome(SessionID("none")!, lastOutcome: "unknown"))
        }
    }

    @Test func `is recorded only from the status that it was judged from, and only where that is allowed (I9)`()
        async throws
    {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            for status in SessionRow.Status.allCases {
                for from in each(SessionRow.Status.self) + [[], Set(SessionRow.Status.allCases)] {
                    for ending in SessionRow.Ending.allCases {
                        let row = Sample.session(SessionID.mint().rawValue, status: status)
                        try await index.put(row)
                        let ended = try await index.markEnded(
                            row.id, from: from, status: ending, reason: .signalled, exit: .signal(15), outcome: "o",
                            membersLeft: 2, at: Sample.later(90))
                        let allowed = !status.isEnded || (status == .exited && ending == .disposed)
                        #expect(ended == (from.contains(status) && allowed), "\(status) \(from) \(ending)")
                        var expected = row
                        if ended {
                            expected.status = ending.status
                            expected.endReason = .signalled
                            expected.exit = .signal(15)
                            expected.lastOutcome = "o"
                            expected.membersLeft = 2
                            expected.endedAt = Sample.later(90)
                        }
                        #expect(try await index.session(row.id) == expected, "\(status) \(from) \(ending)")
                    }
                }
            }
        }
    }

    @Test(arguments: SessionRow.EndReason.allCases)
    func `keeps its reason`(reason: SessionRow.EndReason) async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.session(status: .active))
            #expect(
                try await index.markEnded(id, from: [.active], status: .exited, reason: reason, at: Sample.moment))
            #expect(try await index.session(id)?.endReason == reason)
        }
    }

    @Test func `keeps the leader's exit when the rest is killed later`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.session(status: .active, onExit: .keep))
            _ = try await index.markEnded(
                id, from: [.active], status: .exited, reason: .exited, exit: .code(3), outcome: "first", membersLeft: 4,
                at: Sample.later(1))
            _ = try await index.markEnded(
                id, from: [.exited], status: .disposed, reason: .killed, at: Sample.later(2))
            let row = try await index.session(id)
            #expect(row?.exit == .code(3))
            #expect(row?.lastOutcome == "first")
            #expect(row?.membersLeft == 4)
            #expect(row?.endReason == .killed)
            #expect(row?.endedAt == Sample.later(2))
        }
    }

    @Test(arguments: SessionRow.Status.allCases)
    func `counts what is left only when the leader is gone`(status: SessionRow.Status) async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.session(status: status))
            #expect(try await index.setMembersLeft(id, 0) == (status == .exited))
            #expect(try await index.session(id)?.membersLeft == (status == .exited ? 0 : nil))
        }
    }

    @Test func `is taken back when the session was only believed lost (I4)`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            for status in SessionRow.Status.allCases {
                for reason in SessionRow.EndReason.allCases {
                    for stamped in [false, true] {
                        var row = Sample.session(
                            SessionID.mint().rawValue, status: status, stamped: stamped, reason: reason)
                        row.leader = Sample.leader
                        try await index.put(row)
                        let recovered = try await index.recoverLost(row.id, lastOutcome: "found")
                        #expect(recovered == (status == .exited && reason == .lost), "\(status) \(reason)")
                        if recovered {
                            row.status = .active
                            row.endReason = nil
                            row.endedAt = nil
                            row.lastOutcome = "found"
                        }
                        #expect(try await index.session(row.id) == row)
                    }
                }
            }
        }
    }

    @Test(arguments: WorkspaceRow.State.allCases)
    func `is not assumed for a scope whose row was lost: it gets one in a workspace that lives (I4)`(
        state: WorkspaceRow.State
    ) async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(state: state))
            let row = Sample.session(status: .active)
            #expect(try await index.insertRecovered(row) == (state != .deleting))
            #expect(try await index.session(id) == (state != .deleting ? row : nil))
            #expect(try await !index.insertRecovered(Sample.session("sx01", in: "none", status: .active)))
        }
    }

    @Test(arguments: SessionRow.Status.allCases)
    func `is not undone by a recovery: a row that is there stays as it is`(status: SessionRow.Status) async throws {
        try await withIndex { index async throws in
            let row = Sample.session(status: status)
            try await index.put(Sample.workspace(), row)
            #expect(try await !index.insertRecovered(Sample.session(status: .active)))
            #expect(try await index.session(id) == row)
        }
    }
}
