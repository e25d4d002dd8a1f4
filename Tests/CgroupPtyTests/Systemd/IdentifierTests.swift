import CgroupPty
import Testing

private let accepted = ["wk4m2", "abcd", "0000", "s9x1", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "123456789012"]
private let refused = [
    "", "abc", "Wk4m2", "wk-m2", "wk_m2", "wk.m2", "wk m2", " wk4m2", "wk4m2 ", "wk4m2\n", "wk4m2\0", "wké2",
    "wk4m2\u{301}",
    "ａｂｃｄ", "٠١٢٣", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "../x", "a/b/c", "a%ni", "a\\x2d", "a@bc", "$HOM",
]

@Suite struct `An id of a workspace or session` {
    @Test(arguments: accepted) func `accepts what can stand in a unit's name`(text: String) {
        #expect(WorkspaceID(text)?.rawValue == text)
        #expect(SessionID(text)?.rawValue == text)
        #expect(WorkspaceID(text)?.description == text)
        #expect(SessionID(text)?.description == text)
    }

    @Test(arguments: refused) func `refuses all else, so that no id makes a level or leaves its place`(text: String) {
        #expect(WorkspaceID(text) == nil)
        #expect(SessionID(text) == nil)
    }

    @Test func `is minted with its letter, valid, and not twice`() {
        let workspaces = Set((0..<1000).map { _ in WorkspaceID.mint() })
        #expect(workspaces.count == 1000)
        #expect(
            workspaces.allSatisfy {
                $0.rawValue.count == 10 && $0.rawValue.first == "w" && WorkspaceID($0.rawValue) == $0
            })
        let sessions = Set((0..<1000).map { _ in SessionID.mint() })
        #expect(sessions.count == 1000)
        #expect(
            sessions.allSatisfy { $0.rawValue.count == 10 && $0.rawValue.first == "s" && SessionID($0.rawValue) == $0 })
    }
}

@Suite struct `An instance's id` {
    @Test(arguments: ["1f2e3d4c", "00000000", "ffffffff"]) func `is eight hexadecimal digits`(text: String) {
        #expect(InstanceID(text)?.rawValue == text)
    }

    @Test(arguments: ["", "1f2e3d4", "1f2e3d4c5", "1F2E3D4C", "1f2e3d4g", "1f2e-d4c", "1f2e3d4c\n", " f2e3d4c", "٠١٢٣"])
    func `is nothing else`(text: String) {
        #expect(InstanceID(text) == nil)
    }

    @Test func `is minted valid, and not twice`() {
        let minted = Set((0..<1000).map { _ in InstanceID.mint() })
        #expect(minted.count > 990)
        #expect(minted.allSatisfy { InstanceID($0.rawValue) == $0 })
    }
}
