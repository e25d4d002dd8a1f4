import Testing

@testable import CgroupPty

@Suite struct `A unit's object path` {
    /// As `systemd-escape`'s library, sd_bus_path_encode(3), writes them.
    @Test(arguments: [
        ("corral.slice", "corral_2eslice"), ("corral-1f2e3d4c.slice", "corral_2d1f2e3d4c_2eslice"), ("1st", "_31st"),
        ("a_b", "a_5fb"), ("A9z", "A9z"), ("-.slice", "_2d_2eslice"), ("\u{e9}", "_c3_a9"), ("\n", "_0a"), ("", "_"),
        ("a\\x2db", "a_5cx2db"), ("user@1000.service", "user_401000_2eservice"),
    ])
    func `escapes every byte that is no letter or digit`(unit: String, encoded: String) {
        #expect(SystemdManager.objectPath(unit) == "/org/freedesktop/systemd1/unit/" + encoded)
    }
}
