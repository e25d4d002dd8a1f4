import Foundation
import Testing

@testable import HostService

@Suite struct `The directory of a new worktree` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    private var place: String { fixture.managedRoot + "/app-1f2e3d4c/w1aaaa" }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: fixture.managedRoot + "/app-1f2e3d4c").sorted()
    }

    @Test func `is known before it takes its place, and the same there`() throws {
        let made = try WorktreeDirectory.make(for: place, below: fixture.managedRoot)
        #expect(try !fixture.exists(place))
        #expect(try made.takePlace())
        #expect(try fixture.identity(place) == made.identity)
        #expect(try names() == ["w1aaaa"])
        // What has taken its place is not a draft any more.
        try made.discard()
        #expect(try fixture.identity(place) == made.identity)
    }

    @Test(arguments: ["mkdir", "touch", "ln -s /nowhere"])
    func `takes no place that is taken, and is discarded without a trace`(make: String) throws {
        try fixture.sh("mkdir '\(fixture.managedRoot)/app-1f2e3d4c'; \(make) '\(place)'")
        let before = try fixture.sh("stat -c %i '\(place)'")
        let made = try WorktreeDirectory.make(for: place, below: fixture.managedRoot)
        #expect(try !made.takePlace())
        try made.discard()
        #expect(try fixture.sh("stat -c %i '\(place)'") == before)
        #expect(try names() == ["w1aaaa"])
    }

    @Test func `is taken by git as it is`() async throws {
        let plan = WorktreePlan(
            repository: try await fixture.repository(), workspace: "w1aaaa", start: .new(branch: "one", base: "HEAD"),
            managedRoot: fixture.managedRoot)
        let made = try WorktreeDirectory.make(for: plan.path, below: fixture.managedRoot)
        #expect(try made.takePlace())
        try fixture.run(plan.arguments, in: fixture.root, WorktreePlan.environment(from: fixture.environment))
        #expect(try fixture.identity(plan.path) == made.identity)
        #expect(try fixture.exists(plan.path + "/a.txt"))
    }

    @Test func `is made behind no link`() throws {
        try fixture.sh("mkdir victim; ln -s '\(fixture.root)/victim' '\(fixture.managedRoot)/app-1f2e3d4c'")
        #expect(throws: (any Error).self) { try WorktreeDirectory.make(for: place, below: fixture.managedRoot) }
        #expect(try fixture.sh("ls -A victim").isEmpty)
    }
}
