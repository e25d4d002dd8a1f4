import HostClient
import Testing

@testable import corral

@Suite struct `The current directory` {
    private let workspaces = [
        (id: "wa1b", path: "/srv/app"), (id: "wc2d", path: "/srv/app/nested"), (id: "we3f", path: "/srv/apple"),
    ]

    @Test(arguments: [
        ("/srv/app", "wa1b"), ("/srv/app/src/x", "wa1b"), ("/srv/app/nested", "wc2d"), ("/srv/app/nested/deep", "wc2d"),
        ("/srv/apple/pie", "we3f"), ("/srv/app/nestedmore", "wa1b"),
    ])
    func `is in the deepest workspace that holds it`(_ directory: String, _ id: String) {
        #expect(CurrentDirectory.workspace(holding: directory, among: workspaces) == id)
    }

    @Test(arguments: ["/srv", "/", "/srv/ap", "/home"])
    func `is in none`(_ directory: String) {
        #expect(CurrentDirectory.workspace(holding: directory, among: workspaces) == nil)
    }

    @Test func `is what a dot means`() throws {
        let here = try CurrentDirectory.path()
        let inside = Samples.workspace("wa1b", name: "here", path: here)
        let outside = Samples.workspace("wc2d", name: "there", path: "/nowhere")
        #expect(try HostClient.workspaceID(".", among: [outside, inside]) == "wa1b")
        #expect(throws: CommandFailure.outsideWorkspaces(directory: here)) {
            try HostClient.workspaceID(".", among: [outside])
        }
    }

    @Test func `makes a relative path absolute, and leaves an absolute one`() throws {
        #expect(try CurrentDirectory.absolute("/x/../y") == "/x/../y")
        #expect(try CurrentDirectory.absolute("sub/dir") == CurrentDirectory.path() + "/sub/dir")
    }
}
