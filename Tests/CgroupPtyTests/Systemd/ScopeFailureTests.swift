import CgroupPty
import Glibc
import Testing

@Suite struct `A failed request to systemd` {
    private static let unit = "corral-1f2e3d4c-wk4m2-s9x1.scope"

    @Test func `says what was tried, on what, and the answer`() {
        let messages: [(ScopeFailure, String)] = [
            (
                .unreachable(operation: "start scope", unit: Self.unit, cause: "Connection refused"),
                "start scope corral-1f2e3d4c-wk4m2-s9x1.scope: systemd cannot be reached: Connection refused"
            ),
            (
                .refused(
                    operation: "start scope", unit: Self.unit, name: "org.freedesktop.systemd1.UnitExists",
                    message: "Unit corral-1f2e3d4c-wk4m2-s9x1.scope was already loaded."),
                "start scope corral-1f2e3d4c-wk4m2-s9x1.scope: UnitExists: Unit corral-1f2e3d4c-wk4m2-s9x1.scope was already loaded."
            ),
            (
                .refused(operation: "list", unit: "corral-*", name: "EBADMSG", message: "no list of units"),
                "list corral-*: EBADMSG: no list of units"
            ),
            (
                .job(operation: "start scope", unit: Self.unit, result: "canceled"),
                "start scope corral-1f2e3d4c-wk4m2-s9x1.scope: the job ended as \"canceled\""
            ),
            (
                .deadlinePassed(operation: "stop", unit: "corral-1f2e3d4c-wk4m2.slice"),
                "stop corral-1f2e3d4c-wk4m2.slice: no end of the job before the deadline"
            ),
            (
                .system(
                    operation: "tag", unit: Self.unit,
                    SystemCallFailure(call: "fsetxattr", subject: "/x", errno: ENOSPC)),
                "tag corral-1f2e3d4c-wk4m2-s9x1.scope: fsetxattr /x: No space left on device (errno 28)"
            ),
        ]
        for (failure, message) in messages { #expect("\(failure)" == message) }
    }

    @Test func `has a D-Bus name only when systemd refused`() {
        #expect(ScopeFailure.refused(operation: "a", unit: "b", name: "x.y.Z", message: "").errorName == "x.y.Z")
        #expect(ScopeFailure.unreachable(operation: "a", unit: "b", cause: "x").errorName == nil)
        #expect(ScopeFailure.deadlinePassed(operation: "a", unit: "b").errorName == nil)
        #expect(ScopeFailure.job(operation: "a", unit: "b", result: "failed").errorName == nil)
    }
}
