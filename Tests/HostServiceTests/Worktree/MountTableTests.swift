import Testing

@testable import HostService

@Suite struct `A mount table` {
    /// From a Debian 12 machine, with mounts added whose names the kernel escapes.
    private let table = MountTable(
        mountinfo: Array(
            #"""
            22 27 0:21 / /proc rw,relatime - proc proc rw
            27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
            36 27 0:32 / /srv/a\040b rw,nosuid shared:9 master:2 - tmpfs tmpfs rw,mode=755
            37 27 254:0 /x /srv/app/cache rw,relatime - ext4 /dev/vda rw
            38 27 254:0 /y /srv/new\012line/\134040 rw,relatime - ext4 /dev/vda rw
            39 27 254:0 /z /srv/caf\303\251 rw - ext4 /dev/vda rw
            40 27 254:0 /z /srv/odd\0 rw - ext4 /dev/vda rw
            broken line
            """#.utf8))

    @Test func `names its mount points as they are`() {
        #expect(
            table.mountPoints == [
                "/proc", "/", "/srv/a b", "/srv/app/cache", "/srv/new\nline/\\040", "/srv/café", "/srv/odd\\0",
            ])
    }

    @Test(arguments: [
        ("/srv/app", ["/srv/app/cache"]), ("/srv/app/cache", ["/srv/app/cache"]), ("/srv/app/cache/x", []),
        ("/srv/ap", []), ("/srv/a b", ["/srv/a b"]), ("/srv/new\nline", ["/srv/new\nline/\\040"]),
    ])
    func `knows what is mounted at a path or below it, and not beside it`(path: String, found: [String]) {
        #expect(table.mountPoints(atOrBelow: ByteString(path)) == found.map { ByteString($0) })
    }

    @Test func `of this machine has a root`() throws {
        #expect(try MountTable.current().mountPoints.contains("/"))
        #expect(try MountTable.current().mountPoints(atOrBelow: "/").count > 1)
    }
}

@Suite struct `A name in the trash` {
    @Test func `is found again in its text, with the inode that it is for`() throws {
        let name = TrashName(workspace: "w4m2x", inode: 0xbeef)
        #expect(name.rawValue.hasPrefix("w4m2x-beef-"))
        #expect(name.rawValue.count == "w4m2x-beef-".count + 16)
        #expect(TrashName(name.rawValue) == name)
        #expect(TrashName(name.rawValue)?.inode == 0xbeef)
        #expect(TrashName(workspace: "w4m2x", inode: 0xbeef) != name)
    }

    @Test(arguments: [
        "", "w4m2x", "w4m2x-beef", "w4m2x-beef-0123", "-beef-0123456789abcdef", "../x-beef-0123456789abcdef",
        "w4m2x-xyz-0123456789abcdef", "w4m2x-beef-0123456789abcdeg", "w4m2x-beef-0123456789abcdef-x",
        ".-1-0123456789abcdef",
    ])
    func `is no other text`(text: String) {
        #expect(TrashName(text) == nil)
    }
}
