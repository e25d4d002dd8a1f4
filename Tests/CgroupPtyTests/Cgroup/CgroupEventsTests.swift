import CgroupPty
import Testing

@Suite struct `The events of a cgroup` {
    private static func read(_ text: String) -> CgroupDirectory.Events? { CgroupDirectory.Events(Array(text.utf8)) }

    @Test func `say populated and frozen`() {
        #expect(Self.read("populated 1\nfrozen 0\n")?.isPopulated == true)
        #expect(Self.read("populated 1\nfrozen 0\n")?.isFrozen == false)
        #expect(Self.read("populated 0\nfrozen 0\n")?.isPopulated == false)
        #expect(Self.read("populated 1\nfrozen 1\n")?.isFrozen == true)
    }

    @Test func `may come in another order and with lines that a later kernel adds`() {
        let events = Self.read("something 17\nfrozen 1\npopulated 0\nelse 1\n")
        #expect(events?.isPopulated == false)
        #expect(events?.isFrozen == true)
    }

    @Test func `need no frozen line`() {
        #expect(Self.read("populated 1\n")?.isFrozen == false)
    }

    @Test(arguments: [
        "", "\n", "frozen 0\n", "populated\n", "populated 2\n", "populated  0\n", "populated", "unpopulated 0\n",
        "populated 00\n",
    ])
    func `without a clear populated are unknown, not empty (I3)`(text: String) {
        #expect(Self.read(text) == nil)
    }
}
