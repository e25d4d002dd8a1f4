import CgroupPty
import Foundation
import Testing

@Suite struct `A manager that does not answer` {
    private static func with(
        _ manners: SilentManager.Manners, _ body: (SilentManager, SystemdManager) async throws -> Void
    ) async throws {
        let silent = try SilentManager(manners)
        defer { silent.stop() }
        let systemd = try SystemdManager(kind: .user, environment: silent.environment)
        try await body(silent, systemd)
        await systemd.close()
    }

    /// The call's own timeout counts only once the connection is authenticated: a manager that is stopped kept callers for
    /// libsystemd's 90 seconds.
    @Test(arguments: [SilentManager.Manners.nothing, .reads])
    func `is given up at the deadline (I8)`(manners: SilentManager.Manners) async throws {
        try await Self.with(manners) { _, systemd in
            let deadline = Deadline.after(.milliseconds(60))
            await #expect(throws: ScopeFailure.deadlinePassed(operation: "list", unit: "corral-*")) {
                try await systemd.units(matching: "corral-*", until: deadline)
            }
            #expect(deadline.hasPassed)
            #expect(deadline.millisecondsAgo < 70_000)
            await #expect(throws: ScopeFailure.deadlinePassed(operation: "stop", unit: "corral-x.scope")) {
                _ = try await systemd.stopUnit("corral-x.scope", until: .after(.milliseconds(20)))
            }
        }
    }

    @Test func `is given up by those too who wait for their turn, and their calls are not made (I8)`() async throws {
        try await Self.with(.reads) { silent, systemd in
            let others = (0..<SystemdManager.callLimit).map { _ in
                Task { try await systemd.units(matching: "corral-*", until: .after(.seconds(60))) }
            }
            // One more than may be under way; with a deadline of its own.
            try await silent.waitForCalls(SystemdManager.callLimit)
            let deadline = Deadline.after(.milliseconds(60))
            await #expect(throws: ScopeFailure.deadlinePassed(operation: "list", unit: "corral-last*")) {
                try await systemd.units(matching: "corral-last*", until: deadline)
            }
            #expect(deadline.millisecondsAgo < 70_000)
            silent.hangUp()
            for other in others { await #expect(throws: ScopeFailure.self) { try await other.value } }
            #expect(silent.callCount == SystemdManager.callLimit)
        }
    }

    @Test func `and hangs up when it is greeted is unreachable`() async throws {
        try await Self.with(.hangsUp) { _, systemd in
            let failure = await #expect(throws: ScopeFailure.self) {
                try await systemd.units(matching: "corral-*", until: .after(.seconds(60)))
            }
            guard case .unreachable("list", "corral-*", _) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
        }
    }

    /// libsystemd answers what is under way with `NoReply`, which was taken for a deadline that had passed.
    @Test func `and hangs up later fails what is under way as unreachable, long before its deadline`() async throws {
        try await Self.with(.reads) { silent, systemd in
            let call = Task { try await systemd.units(matching: "corral-*", until: .after(.seconds(60))) }
            try await silent.waitForCalls(1)
            silent.hangUp()
            let failure = await #expect(throws: ScopeFailure.self) { try await call.value }
            guard case .unreachable("list", "corral-*", _) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            // The next call makes a connection of its own.
            let again = Task { try await systemd.units(matching: "corral-*", until: .after(.seconds(60))) }
            try await silent.waitForCalls(2)
            silent.hangUp()
            await #expect(throws: ScopeFailure.self) { try await again.value }
        }
    }

    @Test func `fails what is under way when we close the connection`() async throws {
        try await Self.with(.reads) { silent, systemd in
            let call = Task { try await systemd.units(matching: "corral-*", until: .after(.seconds(60))) }
            try await silent.waitForCalls(1)
            await systemd.close()
            await #expect(
                throws: ScopeFailure.unreachable(
                    operation: "list", unit: "corral-*", cause: "the connection was closed")
            ) { try await call.value }
        }
    }

    /// The connection, its thread and the manager itself used to stay for as long as the process.
    @Test func `lets go of the connection when the last one lets go of it (I5)`() async throws {
        let silent = try SilentManager(.reads)
        defer { silent.stop() }
        weak var gone: SystemdManager?
        do {
            let systemd = try SystemdManager(kind: .user, environment: silent.environment)
            gone = systemd
            let call = Task { try await systemd.units(matching: "corral-*", until: .after(.milliseconds(20))) }
            await #expect(throws: ScopeFailure.self) { try await call.value }
            let closed = Task { try await systemd.units(matching: "corral-*", until: .after(.seconds(60))) }
            try await silent.waitForCalls(2)
            await systemd.close()
            await #expect(throws: ScopeFailure.self) { try await closed.value }
            let last = Task { try await systemd.units(matching: "corral-*", until: .after(.milliseconds(20))) }
            await #expect(throws: ScopeFailure.self) { try await last.value }
        }
        // The thread closes it when the manager is gone.
        try await silent.waitForNobody()
        #expect(gone == nil)
    }

    @Test func `because nothing is there is unreachable at once`() async {
        await #expect(processExitsWith: .success) {
            for name in ["DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"] {
                setenv(name, "unix:path=/nowhere", 1)
            }
            setenv("XDG_RUNTIME_DIR", "/nowhere", 1)
            let systemd = try SystemdManager(kind: .user, environment: ["XDG_RUNTIME_DIR": "/nowhere"])
            do throws(ScopeFailure) {
                _ = try await systemd.version(until: .after(.seconds(60)))
                exit(1)
            } catch {
                print(error)
                exit(
                    "\(error)" == "read property Version: systemd cannot be reached: No such file or directory" ? 0 : 2)
            }
        }
    }
}
