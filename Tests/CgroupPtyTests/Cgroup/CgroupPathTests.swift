import CgroupPty
import Testing

@Suite struct `A cgroup's path` {
    @Test(arguments: [
        ("", []), ("/", []), ("/a", ["a"]), ("a", ["a"]), ("/a/b", ["a", "b"]), ("/a/b/", ["a", "b"]),
        ("/user.slice/x y:z.scope", ["user.slice", "x y:z.scope"]), ("/a/...", ["a", "..."]), ("/a/.b", ["a", ".b"]),
        ("/a (deleted)", ["a (deleted)"]),
    ])
    func `is read by its components`(text: String, components: [String]) {
        #expect(CgroupPath(text)?.components == components)
    }

    @Test(arguments: ["//", "/a//b", "/..", "/../x", "/a/../b", "/.", "/a/.", "./a", "..", "/a/./b"])
    func `is refused with an empty name or dots`(text: String) {
        #expect(CgroupPath(text) == nil)
    }

    /// A slash and a combining mark are one Character to Swift, and two names to the kernel: a process that had called its
    /// cgroup so would not have been found below its own scope.
    @Test func `is split at every slash, whatever follows it`() {
        let path = CgroupPath("/a.scope/\u{301}x")
        #expect(path?.components == ["a.scope", "\u{301}x"])
        #expect(path?.isAtOrBelow(CgroupPath(components: ["a.scope"])) == true)
    }

    @Test func `goes to text and back`() {
        let path = CgroupPath(components: ["corral.slice", "corral-1f2e3d4c.slice"])
        #expect(path.description == "/corral.slice/corral-1f2e3d4c.slice")
        #expect(path.relative == "corral.slice/corral-1f2e3d4c.slice")
        #expect(CgroupPath(path.description) == path)
        #expect(CgroupPath(path.relative) == path)
        #expect(path.name == "corral-1f2e3d4c.slice")
    }

    @Test func `at the top has no name`() {
        let top = CgroupPath(components: [])
        #expect(top.name == nil)
        #expect(top.description == "/")
        #expect(top.relative == "")
    }

    @Test func `lies below another by whole names`() {
        let path = CgroupPath(components: ["a", "bc", "d"])
        #expect(path.isAtOrBelow(path))
        #expect(path.isAtOrBelow(CgroupPath(components: [])))
        #expect(path.isAtOrBelow(CgroupPath(components: ["a", "bc"])))
        #expect(!path.isAtOrBelow(CgroupPath(components: ["a", "b"])))
        #expect(!path.isAtOrBelow(CgroupPath(components: ["a", "bc", "d", "e"])))
        #expect(!CgroupPath(components: []).isAtOrBelow(path))
    }

    @Test func `grows by a name or by a path`() {
        let path = CgroupPath(components: ["a"])
        #expect(path.appending("b").components == ["a", "b"])
        #expect(path.appending(CgroupPath(components: ["b", "c"])).components == ["a", "b", "c"])
    }

    @Test func `cannot be made of a name that would leave it`() async {
        await #expect(processExitsWith: .failure) { _ = CgroupPath(components: ["a", ".."]) }
        await #expect(processExitsWith: .failure) { _ = CgroupPath(components: ["a/b"]) }
        await #expect(processExitsWith: .failure) { _ = CgroupPath(components: ["a/\u{301}b"]) }
        await #expect(processExitsWith: .failure) { _ = CgroupPath(components: [""]) }
    }
}
