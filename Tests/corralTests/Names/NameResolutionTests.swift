import Testing

@testable import corral

@Suite struct `A name` {
    private func thing(_ id: String, _ name: String, isLive: Bool = true) -> NamedThing {
        NamedThing(id: id, name: name, isLive: isLive, distinction: "in \(id)")
    }

    @Test func `that is an id means that id, also when others are called so`() {
        let things = [thing("wa1b", "x"), thing("wc2d", "wa1b")]
        #expect(NameResolution("wa1b", among: things) == .found(id: "wa1b"))
    }

    @Test func `that one thing has means it`() {
        #expect(NameResolution("fix", among: [thing("wa1b", "fix"), thing("wc2d", "fax")]) == .found(id: "wa1b"))
    }

    @Test func `means the living before what is over`() {
        let things = [thing("wa1b", "fix", isLive: false), thing("wc2d", "fix"), thing("we3f", "fix", isLive: false)]
        #expect(NameResolution("fix", among: things) == .found(id: "wc2d"))
    }

    @Test func `means what is over when nothing living has it`() {
        #expect(NameResolution("fix", among: [thing("wa1b", "fix", isLive: false)]) == .found(id: "wa1b"))
    }

    @Test func `of several is ambiguous, and the failure lists them`() {
        let things = [thing("wa1b", "fix"), thing("wc2d", "fix")]
        #expect(NameResolution("fix", among: things) == .ambiguous(things))
        #expect(
            throws: CommandFailure.ambiguous(.session, name: "fix", candidates: ["wa1b  in wa1b", "wc2d  in wc2d"])
        ) { try NameResolution("fix", among: things).id(for: "fix", .session) }
    }

    @Test func `that nothing has but could be an id is left to the host`() throws {
        #expect(NameResolution("wgone", among: []) == .unlisted(id: "wgone"))
        #expect(try NameResolution("wgone", among: []).id(for: "wgone", .workspace) == "wgone")
    }

    @Test(arguments: ["Fix", "abc", "a-b-c", "ümlaut", "", String(repeating: "a", count: 33)])
    func `that nothing has and is no id is not found`(_ name: String) {
        #expect(NameResolution(name, among: []) == .nothing)
        #expect(throws: CommandFailure.notFound(.workspace, name: name)) {
            try NameResolution(name, among: []).id(for: name, .workspace)
        }
    }
}
