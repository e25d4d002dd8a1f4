import CgroupPty
import Testing

@testable import HostService

@Suite struct `A search for repositories` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    private func search(_ name: String, until deadline: Deadline = .after(.seconds(60))) -> RepositorySearch.Answer {
        RepositorySearch(deadline: deadline).search([ByteString(fixture.root + name)])
    }

    @Test func `follows no link and goes into no repository's own directory`() throws {
        try fixture.sh(
            "mkdir -p top/a top/c && ln -s ../../app top/a/link && git init -q top/b && git init -q top/b/inner")
        let answer = search("/top")
        #expect(answer.doubt == nil)
        #expect(
            Set(answer.repositories.map(\.description)) == [fixture.root + "/top/b", fixture.root + "/top/b/inner"])
        #expect(answer.gitDirectories.isEmpty)
    }

    @Test func `passes over the repository that it begins in`() throws {
        #expect(search("/app") == RepositorySearch.Answer())
    }

    @Test func `tells what looks like a git directory, and goes below it only when it begins there`() throws {
        try fixture.sh(
            """
            git init -q --bare top/bare.git && git init -q top/bare.git/objects/inner
            mkdir -p two/objects two/refs
            """)
        let bare = ByteString(fixture.root + "/top/bare.git")
        #expect(search("/top") == RepositorySearch.Answer(gitDirectories: [bare]))
        let below = search("/top/bare.git")
        #expect(below.gitDirectories == [bare])
        #expect(below.repositories == [bare.appending("objects/inner")])
        #expect(search("/two") == RepositorySearch.Answer(), "it has no HEAD")
    }

    @Test func `says that it had no time`() throws {
        #expect(search("/app", until: .now).doubt?.contains("not done in time") == true)
    }

    @Test func `takes a directory that vanished for searched`() {
        #expect(search("/nothing") == RepositorySearch.Answer())
    }
}
