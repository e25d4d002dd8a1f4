import Testing

@testable import CgroupPty

@Suite struct `A process's cgroup file` {
    private static func read(_ text: String) -> ProcessCgroup { ProcessCgroup(Array(text.utf8)) }

    @Test func `names the place in the unified hierarchy`() {
        #expect(Self.read("0::/user.slice/a.scope\n") == .path(CgroupPath(components: ["user.slice", "a.scope"])))
        #expect(Self.read("0::/\n") == .path(CgroupPath(components: [])))
    }

    @Test func `is read past the lines of v1 hierarchies, before and after`() {
        let text = "13:memory:/x\n1:name=systemd:/y\n0::/a/b\n12:cpu,cpuacct:/z\n"
        #expect(Self.read(text) == .path(CgroupPath(components: ["a", "b"])))
    }

    @Test(arguments: ["a:b", "0::", "x y", "a b:c d.service", " ", ":", "a (deleted) b", "(deleted)"])
    func `is read past colons and spaces in a name`(name: String) {
        #expect(Self.read("0::/top/\(name)\n") == .path(CgroupPath(components: ["top", name])))
    }

    @Test func `tells a removed cgroup`() {
        #expect(Self.read("0::/user.slice/a.scope (deleted)\n") == .removed)
        #expect(Self.read("0::/user.slice/a b (deleted)\n") == .removed)
    }

    /// Anybody can call a cgroup `x (deleted)` and go on living in it. Taken for removed, the process was nowhere, and no escape.
    @Test func `of a live process names a cgroup, also one called as if it were removed (I3)`() {
        let bytes = Array("0::/a/x (deleted)\n".utf8)
        #expect(ProcessCgroup(bytes, isAlive: true) == .path(CgroupPath(components: ["a", "x (deleted)"])))
        #expect(ProcessCgroup(bytes, isAlive: false) == .removed)
    }

    @Test(arguments: ["0::/../x\n", "0::/..\n", "0::/../../user.slice/a.scope\n"])
    func `tells a process outside the namespace`(text: String) {
        #expect(Self.read(text) == .outside)
    }

    @Test(arguments: ["", "\n", "1:name=systemd:/x\n", "10::/x\n", "00::/x\n", "0:/x\n", "0:name:/x\n", "garbage"])
    func `without a unified line is outside`(text: String) {
        #expect(Self.read(text) == .outside)
    }
}
