import CgroupPty
import Foundation
import Testing

@testable import SessionIndex

@Suite struct `A delete in the index` {
    private let id = WorkspaceID("wk4m2")!

    @Test(arguments: WorkspaceRow.State.allCases)
    func `begins once, from every state`(state: WorkspaceRow.State) async throws {
        guard state != .deleting else { return }
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(state: state))
            let begun = DestroyRow(
                workspaceID: id, receiptID: "r1", options: "{\"force\":false}", previousState: state,
                startedAt: Sample.later(1))
            #expect(
                try await index.tombstone(
                    id, receipt: Sample.receipt("r1"), options: "{\"force\":false}", at: Sample.later(1))
                    == .begun(begun))
            #expect(try await index.workspace(id)?.state == .deleting)
            #expect(try await index.destroys() == [begun])
            #expect(try await index.receipt("r1") == Sample.receipt("r1"))
            #expect(
                try await index.tombstone(id, receipt: Sample.receipt("r2"), options: "{}", at: Sample.later(2))
                    == .alreadyDeleting(begun))
            #expect(try await index.receipt("r2") == nil)
        }
    }

    /// Somebody gave a workspace more time while the delete of what had expired was being judged, and it was deleted all the same.
    @Test func `of what has expired begins only when it still has`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(state: .active))
            for expiry in [nil, Sample.later(9)] {
                _ = try await index.setExpiry(id, expiry)
                let outcome = try await index.tombstone(
                    id, receipt: Sample.receipt("r1"), options: "{}", at: Sample.later(1), onlyIfExpired: true)
                #expect(outcome == .notExpired)
                #expect(try await index.workspace(id)?.state == .active)
                #expect(try await index.receipts(limit: 10) == [])
            }
            _ = try await index.setExpiry(id, Sample.later(1))
            let outcome = try await index.tombstone(
                id, receipt: Sample.receipt("r1"), options: "{}", at: Sample.later(1), onlyIfExpired: true)
            guard case .begun = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }

    @Test func `needs a workspace`() async throws {
        try await withIndex { index async throws in
            #expect(
                try await index.tombstone(id, receipt: Sample.receipt(), options: "{}", at: Sample.moment) == .missing)
            #expect(try await index.receipts(limit: 10) == [])
            #expect(try await index.destroy(id) == nil)
            #expect(try await !index.recordStep(id, step: "stop", receiptBody: "{}", at: Sample.moment))
            #expect(try await !index.setDestroyOptions(id, options: "{}"))
            #expect(try await !index.setTrashName(id, name: "t"))
            #expect(try await !index.setWitnesses(id, witnesses: "[]"))
            #expect(try await index.countAttempt(id) == nil)
            #expect(try await !index.restoreWorkspace(id, receiptBody: "{}", detail: nil, at: Sample.moment))
            #expect(try await !index.finishDestroy(id, receiptBody: "{}", at: Sample.moment))
        }
    }

    @Test func `is begun by one of those who ask at the same time`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            let begun = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let outcome = try await index.tombstone(
                            WorkspaceID("wk4m2")!, receipt: Sample.receipt("r\(number)"), options: "{}",
                            at: Sample.moment)
                        switch outcome {
                        case .begun: return true
                        case .alreadyDeleting, .missing, .notExpired: return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(begun == 1)
            #expect(try await index.receipts(limit: 100).count == 1)
        }
    }

    @Test func `is there to be resumed after a crash, with its steps, options, tries, trash name and witnesses (I7)`()
        async throws
    {
        let directory = ScratchDirectory()
        let index = try await Index.open(directory: directory.path)
        try await index.put(Sample.workspace())
        _ = try await index.tombstone(id, receipt: Sample.receipt("r1"), options: "{}", at: Sample.moment)
        #expect(try await index.recordStep(id, step: "teardown", receiptBody: "{}", at: Sample.later(1)))
        #expect(
            try await index.recordStep(id, step: "stop", receiptBody: "{\"step\":\"stop\"}", at: Sample.later(2.0004)))
        #expect(try await index.receipt("r1")?.body == "{\"step\":\"stop\"}", "the step and the receipt, or neither")
        #expect(try await index.setDestroyOptions(id, options: "{\"force\":true}"))
        #expect(try await index.setTrashName(id, name: "wk4m2-x"))
        #expect(try await index.setWitnesses(id, witnesses: "[1]"))
        #expect(try await index.countAttempt(id) == 1)
        #expect(try await index.countAttempt(id) == 2)
        try await index.close()

        let again = try await Index.open(directory: directory.path)
        let expected = DestroyRow(
            workspaceID: id, receiptID: "r1", options: "{\"force\":true}", step: "stop", attempts: 2,
            trashName: "wk4m2-x", previousState: .active, startedAt: Sample.moment, witnesses: "[1]")
        #expect(try await again.destroys() == [expected])
        #expect(try await again.destroy(id) == expected)
        #expect(
            try await again.steps("r1") == [
                StepRow(step: "teardown", at: Sample.later(1)), StepRow(step: "stop", at: Sample.later(2)),
            ])
        #expect(try await again.steps("none") == [])
        try await again.close()
    }

    @Test func `keeps the newest thousand steps (I8)`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.workspace("other"))
            _ = try await index.tombstone(id, receipt: Sample.receipt("r1"), options: "{}", at: Sample.moment)
            _ = try await index.tombstone(
                WorkspaceID("other")!, receipt: Sample.receipt("r2", of: "other"), options: "{}", at: Sample.moment)
            _ = try await index.recordStep(WorkspaceID("other")!, step: "stop", receiptBody: "{}", at: Sample.moment)
            try await index.run("PRAGMA synchronous = OFF")
            for number in 0..<1005 {
                _ = try await index.recordStep(id, step: "stop \(number)", receiptBody: "{}", at: Sample.moment)
            }
            let steps = try await index.steps("r1")
            #expect(steps.count == 1000)
            #expect(steps.first?.step == "stop 5")
            #expect(steps.last?.step == "stop 1004")
            #expect(try await index.steps("r2").count == 1)
        }
    }

    @Test(arguments: [
        (WorkspaceRow.State.active, WorkspaceRow.State.active), (.failed, .failed), (.creating, .failed),
    ])
    func `that is given up gives the workspace back`(
        previous: WorkspaceRow.State, restored: WorkspaceRow.State
    ) async throws {
        try await withIndex { index async throws in
            var row = Sample.workspace(state: previous)
            try await index.put(row, Sample.session(status: .disposed))
            _ = try await index.tombstone(id, receipt: Sample.receipt("r1"), options: "{}", at: Sample.moment)
            #expect(
                try await index.restoreWorkspace(
                    id, receiptBody: "{\"state\":\"kept\"}", detail: "teardown failed", at: Sample.later(3)))
            row.state = restored
            row.detail = "teardown failed"
            #expect(try await index.workspace(id) == row)
            #expect(try await index.destroys() == [])
            var receipt = Sample.receipt("r1", finishedAt: Sample.later(3))
            receipt.body = "{\"state\":\"kept\"}"
            #expect(try await index.receipts(limit: 10) == [receipt])
            #expect(try await index.sessions(workspace: id, includeEnded: true).count == 1)
            #expect(try await !index.finishDestroy(id, receiptBody: "{}", at: Sample.moment))
            #expect(try await index.insertWorkspace(Sample.workspace()) == .idUsed(row))

            let second = try await index.tombstone(
                id, receipt: Sample.receipt("r2", createdAt: Sample.later(4)), options: "{}", at: Sample.later(4))
            #expect(
                second
                    == .begun(
                        DestroyRow(
                            workspaceID: id, receiptID: "r2", options: "{}", previousState: restored,
                            startedAt: Sample.later(4))))
            #expect(try await index.receipt(ofWorkspace: id)?.id == "r2")
        }
    }

    @Test
    func `that is done prunes what ended, and leaves the row of a failed kill to the reaper (ON DELETE SET NULL)`()
        async throws
    {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace(), Sample.workspace("other"))
            for status in SessionRow.Status.allCases {
                try await index.put(
                    Sample.session("\(status.rawValue)1", status: status, stamped: true),
                    Sample.session("\(status.rawValue)2", in: "other", status: status))
            }
            _ = try await index.tombstone(id, receipt: Sample.receipt("r1"), options: "{}", at: Sample.moment)
            #expect(try await index.restoreActive(SessionID("stopping1")!, lastOutcome: "unkillable"))
            #expect(try await index.finishDestroy(id, receiptBody: "{\"done\":1}", at: Sample.later(5)))

            #expect(try await index.workspaces() == [Sample.workspace("other")])
            #expect(try await index.destroys() == [])
            var receipt = Sample.receipt("r1", finishedAt: Sample.later(5))
            receipt.body = "{\"done\":1}"
            #expect(try await index.receipt("r1") == receipt)
            let rows = try await index.sessions(includeEnded: true)
            #expect(
                Set(rows.filter { $0.workspaceID == id }.map(\.id.rawValue)) == ["starting1", "active1", "stopping1"])
            #expect(rows.filter { $0.workspaceID == id }.allSatisfy { $0.originWorkspaceID == nil })
            #expect(rows.filter { $0.workspaceID != id }.allSatisfy { $0.originWorkspaceID == $0.workspaceID })
            #expect(rows.filter { $0.workspaceID != id }.count == SessionRow.Status.allCases.count)

            var failed = Sample.session("stopping1", status: .active, stamped: true)
            failed.originWorkspaceID = nil
            failed.lastOutcome = "unkillable"
            #expect(try await index.session(failed.id) == failed)
            // The reaper ends it later.
            #expect(try await index.stampDispose(failed.id, at: Sample.later(9))?.status == .stopping)
            #expect(
                try await index.markEnded(
                    failed.id, from: [.stopping], status: .disposed, reason: .workspaceDeleted, at: Sample.later(10)))
        }
    }

    @Test func `that is done hands its directory over to the trash list`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.workspace())
            _ = try await index.tombstone(id, receipt: Sample.receipt(), options: "{}", at: Sample.moment)
            _ = try await index.setTrashName(id, name: "wk4m2-x")
            #expect(try await index.trash() == [])
            try await index.addTrash("wk4m2-x")
            _ = try await index.finishDestroy(id, receiptBody: "{}", at: Sample.moment)
            try await index.addTrash("a-y")
            #expect(try await index.trash() == ["a-y", "wk4m2-x"])
            try await index.removeTrash("wk4m2-x")
            try await index.removeTrash("wk4m2-x")
            #expect(try await index.trash() == ["a-y"])
        }
    }
}

@Suite struct `A receipt in the index` {
    @Test func `is listed with the newest first, for one workspace or for all`() async throws {
        try await withIndex { index async throws in
            for number in 0..<4 {
                try await index.put(
                    Sample.receipt("a\(number)", of: "wsa1", createdAt: Sample.later(Double(number / 2))),
                    Sample.receipt("b\(number)", of: "wsb1", createdAt: Sample.later(Double(number / 2))))
            }
            #expect(
                try await index.receipts(workspace: WorkspaceID("wsa1")!, limit: 10).map(\.id) == [
                    "a3", "a2", "a1", "a0",
                ])
            #expect(try await index.receipts(limit: 3).map(\.id) == ["b3", "a3", "b2"])
            #expect(try await index.receipts(limit: -1) == [])
            #expect(try await index.receipt(ofWorkspace: WorkspaceID("wsb1")!)?.id == "b3")
            #expect(try await index.receipt(ofWorkspace: WorkspaceID("none")!) == nil)
            #expect(try await index.receipt("none") == nil)
        }
    }

    @Test func `takes a new body, finished or not`() async throws {
        try await withIndex { index async throws in
            for finished in [nil, Sample.later(1)] {
                let id = finished == nil ? "open" : "finished"
                var row = Sample.receipt(id, finishedAt: finished)
                try await index.put(row)
                #expect(try await index.saveReceipt(id, body: "{\"new\":true}"))
                row.body = "{\"new\":true}"
                #expect(try await index.receipt(id) == row)
            }
            #expect(try await !index.saveReceipt("none", body: "{}"))
        }
    }

    @Test func `stays when its workspace is gone`() async throws {
        try await withIndex { index async throws in
            try await index.put(Sample.receipt(of: "gone"))
            #expect(try await index.receipt("r1")?.workspaceID == WorkspaceID("gone"))
        }
    }
}
