import CgroupPty
import Foundation
import Testing

@testable import SessionIndex

@Suite struct `A session in the index` {
    private let id = SessionID("s9x1")!
    private let workspace = WorkspaceID("wk4m2")!

    @Test func `reads back as it was written, column by column`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            var rows: [SessionRow] = []
            for kind in SessionRow.Kind.allCases {
                for onExit in SessionRow.OnExit.allCases {
                    for exit in [nil, .code(0), .code(255), .signal(9)] as [SessionRow.Exit?] {
                        rows.append(
                            SessionRow(
                                id: SessionID.mint(), originWorkspaceID: rows.count.isMultiple(of: 2) ? workspace : nil,
                                workspaceID: workspace, kind: kind, title: "title", status: .exited,
                                command: ["command", "\"quoted\" \\ \n", ""], cwd: "cwd", onExit: onExit, unit: "unit",
                                bootID: "boot",
                                leader: ProcessIdentity(pid: ProcessID(17), startTicks: .max), terminalDevice: .max - 1,
                                exit: exit, endReason: .oom, disposeRequestedAt: Sample.later(1),
                                lastOutcome: "outcome",
                                membersLeft: 3, request: "request",
                                createdAt: Sample.later(Double(rows.count) + 0.000_4), endedAt: Sample.later(1000.5555))
                        )
                    }
                }
            }
            for row in rows { try await index.put(row) }
            #expect(try await index.sessions(includeEnded: true) == rows)
        }
    }

    @Test func `begins only in a workspace in the state that its kind wants (I9)`() async throws {
        for kind in SessionRow.Kind.allCases {
            for state in WorkspaceRow.State.allCases {
                try await withIndex { index async throws in
                    try await index.put(Sample.workspace(state: state))
                    let row = Sample.session(kind: kind)
                    let expected: InsertSessionOutcome =
                        state == kind.wantedState ? .inserted : .workspaceNotReady(state)
                    #expect(try await index.insertStarting(row) == expected, "\(kind) \(state)")
                    #expect(try await index.session(id) == (expected == .inserted ? row : nil))
                }
            }
        }
        #expect(SessionRow.Kind.allCases.map(\.wantedState) == [.active, .creating, .deleting])
    }

    @Test func `needs a workspace`() async throws {
        try await withIndex { index async throws in
            #expect(try await index.insertStarting(Sample.session()) == .workspaceMissing)
        }
    }

    @Test(arguments: SessionRow.Status.allCases)
    func `keeps its id from a second one, whatever its status`(status: SessionRow.Status) async throws {
        try await withIndex { index async throws in
            let row = Sample.session(status: status)
            try await index.put(Sample.workspace(), row)
            #expect(try await index.insertStarting(Sample.session()) == .idUsed(row))
        }
    }

    @Test func `leaves its id spent when it goes with its workspace, as long as the receipt is kept`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.workspace("other"), Sample.session(status: .disposed))
            _ = try await index.tombstone(workspace, receipt: Sample.receipt("r1"), options: "{}", at: Sample.moment)
            #expect(try await index.finishDestroy(workspace, receiptBody: "{}", at: Sample.moment))
            let row = Sample.session(in: "other")
            #expect(try await index.insertStarting(row) == .idSpent(receiptID: "r1"))
            try await index.prune(endedBefore: Sample.later(1), keepingAtMost: 10)
            #expect(try await index.insertStarting(row) == .inserted)
        }
    }

    @Test func `is refused at the limit of those that have not ended (I8)`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            for status in SessionRow.Status.allCases {
                try await index.put(Sample.session(status.rawValue, status: status))
            }
            #expect(try await index.insertStarting(Sample.session("next"), limit: 3) == .limitReached(3))
            #expect(try await index.insertStarting(Sample.session("next"), limit: 4) == .inserted)
        }
    }

    @Test func `is not admitted past the limit by requests at the same time (I8)`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            let admitted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        try await index.insertStarting(Sample.session("many\(number)"), limit: 7) == .inserted
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(admitted == 7)
            #expect(try await index.sessions(includeEnded: true).count == 7)
        }
    }

    @Test func `becomes active only from starting, not stamped, and in the state that its kind wants (I9)`()
        async throws
    {
        try await withIndex { index async throws in
            for state in WorkspaceRow.State.allCases {
                try await index.put(Sample.workspace(state.rawValue, state: state))
            }
            for kind in SessionRow.Kind.allCases {
                for state in WorkspaceRow.State.allCases {
                    for status in SessionRow.Status.allCases {
                        for stamped in [false, true] {
                            let row = Sample.session(
                                SessionID.mint().rawValue, in: state.rawValue, kind: kind, status: status,
                                stamped: stamped)
                            try await index.put(row)
                            let activated = try await index.activate(
                                row.id, leader: Sample.leader, terminalDevice: 34_816)
                            #expect(
                                activated == (status == .starting && !stamped && state == kind.wantedState),
                                "\(kind) \(state) \(status) \(stamped)")
                            var expected = row
                            if activated {
                                expected.status = .active
                                expected.leader = Sample.leader
                                expected.terminalDevice = 34_816
                            }
                            #expect(try await index.session(row.id) == expected)
                        }
                    }
                }
            }
        }
    }

    @Test func `does not become active when its workspace is gone or it has no row`() async throws {
        try await withIndex { index async throws in
            var row = Sample.session()
            row.originWorkspaceID = nil
            try await index.put(row)
            for session in [id, SessionID("none")!] {
                #expect(
                    try await !index.activate(session, leader: Sample.leader, terminalDevice: nil))
            }
            #expect(try await index.session(id) == row)
        }
    }

    @Test func `does not become active once the tombstone is written`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            #expect(try await index.insertStarting(Sample.session()) == .inserted)
            _ = try await index.tombstone(workspace, receipt: Sample.receipt(), options: "{}", at: Sample.moment)
            #expect(try await !index.activate(id, leader: Sample.leader, terminalDevice: nil))
            #expect(try await index.insertStarting(Sample.session("late")) == .workspaceNotReady(.deleting))
            // The saga finds it among those that it has to end.
            #expect(try await index.stampDispose(workspace: workspace, at: Sample.moment).map(\.id) == [id])
        }
    }

    @Test func `is either refused or found by the delete that comes at the same time`() async throws {
        for round in 0..<30 {
            try await withIndex { index async throws in
                try await index.put(Sample.workspace())
                _ = try await index.insertStarting(Sample.session())
                async let activated = index.activate(
                    id, leader: Sample.leader, terminalDevice: nil)
                async let found = {
                    _ = try await index.tombstone(
                        workspace, receipt: Sample.receipt(), options: "{}", at: Sample.moment)
                    return try await index.stampDispose(workspace: workspace, at: Sample.moment)
                }()
                let (wasActivated, rows) = try await (activated, found)
                #expect(rows.map(\.status) == [wasActivated ? .stopping : .starting], "round \(round)")
            }
        }
    }
}
