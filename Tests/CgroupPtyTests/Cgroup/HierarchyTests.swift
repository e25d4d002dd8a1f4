import CgroupPty
import Foundation
import Testing

@Suite struct `The unified hierarchy` {
    /// The root of a cgroup2 mount that is the hierarchy's true root, as on a machine whose PID 1 is in no container.
    private static let trueRoot: String? = {
        let mounts = String(
            decoding: FileManager.default.contents(atPath: "/proc/self/mounts") ?? Data(), as: UTF8.self)
        for line in mounts.split(separator: "\n" as Character) {
            let fields = line.split(separator: " " as Character).map(String.init)
            guard fields.count > 2, fields[2] == "cgroup2" else { continue }
            return FileManager.default.fileExists(atPath: fields[1] + "/cgroup.events") ? nil : fields[1]
        }
        return nil
    }()

    @Test(arguments: ["/tmp", "/proc", "/"])
    func `is told by the file system's type, not by its place`(mount: String) {
        #expect(throws: SystemCallFailure(call: "fstatfs", subject: mount, errno: EMEDIUMTYPE)) {
            _ = try CgroupDirectory.open(mount: mount, CgroupPath(components: []))
        }
    }

    @Test func `that is not mounted is a failure`() {
        #expect(throws: SystemCallFailure(call: "open", subject: "/nowhere", errno: ENOENT)) {
            _ = try CgroupGround(mount: "/nowhere", path: CgroupPath(components: []))
        }
    }

    /// The system manager lies at the root, which has no `cgroup.events`: by that file it was taken for removed, and no scope
    /// of root's could ever be confirmed as absent.
    @Test(.enabled(if: trueRoot != nil, "the root of the hierarchy cannot be seen from here"))
    func `has a root below which the absent is absent (I2)`() throws {
        let ground = try CgroupGround(mount: #require(Self.trueRoot), path: CgroupPath(components: []))
        #expect(try ground.manager.events() == nil)
        guard case .absent = ground.look(CgroupPath(components: ["corral.slice", "corral-00000000.slice"])) else {
            Issue.record("\(ground.look(CgroupPath(components: ["corral.slice", "corral-00000000.slice"])))")
            return
        }
    }
}
