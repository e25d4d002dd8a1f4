import CgroupPty
import Testing

@Suite struct `The end of a job` {
    private static func with(
        _ steps: [ScriptedManager.Step], _ body: (SystemdManager) async throws -> Void
    ) async throws {
        let scripted = try ScriptedManager(steps)
        defer { scripted.stop() }
        let systemd = try SystemdManager(kind: .user, environment: scripted.environment)
        try await body(systemd)
        await systemd.close()
    }

    private static let unit = "corral-x.scope"
    private static let scope = ScopeName(
        instance: InstanceID("1f2e3d4c")!, workspace: WorkspaceID("wk4m2")!, session: SessionID("s9x1")!)
    /// All that a job can end as, but for what is said to be done.
    private static let results = ["failed", "timeout", "canceled", "dependency", "skipped", "frozen", "invented"]

    @Test(arguments: ["done"] + results)
    func `is heard whether it comes before the reply or after it`(result: String) async throws {
        for steps in [[ScriptedManager.Step.ends(result), .reply], [.reply, .ends(result)]] {
            try await Self.with(steps) { systemd in
                for _ in 1...3 {
                    let answer = try await systemd.stopUnit(Self.unit, until: .after(.seconds(60)))
                    #expect(answer == JobResult(result))
                }
            }
        }
    }

    @Test(arguments: results)
    func `is no start unless it is done, and says what it was`(result: String) async throws {
        for steps in [[ScriptedManager.Step.ends(result), .reply], [.reply, .ends(result)]] {
            try await Self.with(steps) { systemd in
                await #expect(
                    throws: ScopeFailure.job(operation: "start scope", unit: Self.scope.unit, result: result)
                ) {
                    try await systemd.startScope(
                        Self.scope, description: "x", leader: ProcessID(1), stopTimeout: .seconds(5),
                        until: .after(.seconds(60)))
                }
            }
        }
    }

    @Test func `of somebody else's is not taken for ours, before the reply or after it`() async throws {
        try await Self.with([.stranger("failed"), .reply, .stranger("canceled"), .ends("done")]) { systemd in
            let answer = try await systemd.stopUnit(Self.unit, until: .after(.seconds(60)))
            #expect(answer == .done)
        }
        try await Self.with([.stranger("done"), .reply, .stranger("done")]) { systemd in
            await #expect(throws: ScopeFailure.deadlinePassed(operation: "stop", unit: Self.unit)) {
                _ = try await systemd.stopUnit(Self.unit, until: .after(.milliseconds(200)))
            }
        }
    }

    @Test func `that does not come is given up at the deadline (I8)`() async throws {
        try await Self.with([.reply]) { systemd in
            await #expect(throws: ScopeFailure.deadlinePassed(operation: "stop", unit: Self.unit)) {
                _ = try await systemd.stopUnit(Self.unit, until: .after(.milliseconds(100)))
            }
        }
    }
}
