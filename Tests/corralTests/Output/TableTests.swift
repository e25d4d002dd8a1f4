import HostProtocol
import Testing

@testable import corral

@Suite struct `A table` {
    @Test func `aligns its columns and ends no line in blanks`() {
        var table = Table("ID", "NAME", "SESSIONS")
        table.append("wk4m2", "fix-login", Table.Cell(3))
        table.append("w1", "x", Table.Cell(nil as Int?))
        #expect(
            table.text(Samples.plain) == """
                ID     NAME       SESSIONS
                wk4m2  fix-login  3
                w1     x          -
                """
        )
    }

    @Test func `without rows is its headers`() {
        #expect(Table("ID", "NAME").text(Samples.plain) == "ID  NAME")
    }

    @Test func `shows what is empty or not known as a dash`() {
        var table = Table("A", "B")
        table.append("", Table.Cell(nil as String?))
        #expect(table.text(Samples.plain) == "A  B\n-  -")
    }

    @Test func `lets no title steer the terminal`() {
        var table = Table("TITLE", "X")
        table.append("a\u{1b}[2Jb\nc\u{9b}", "y")
        #expect(table.text(Samples.plain) == "TITLE      X\na\u{fffd}[2Jb\u{fffd}c\u{fffd}  y")
    }

    @Test func `aligns coloured cells by what is seen`() {
        var table = Table("STATE", "X")
        table.append(Table.Cell("ok", .good), "y")
        let style = TextStyle(environment: ["TERM": "xterm"], isTerminal: true)
        #expect(table.text(style) == "STATE  X\n\u{1b}[32mok\u{1b}[0m     y")
    }

    @Test func `of workspaces shows their time as it passed`() {
        let text = Self.listing.table([(nil, Samples.workspace("wk4m2", name: "fix", sessions: 2))], Samples.plain)
        #expect(
            text == """
                ID     NAME  STATE   KIND      BRANCH  SESSIONS  CREATED  PATH
                wk4m2  fix   active  worktree  fix     2         5m ago   /srv/w
                """
        )
    }

    private static var listing: HostListing<WorkspaceDocument> {
        HostListing(
            headers: WorkspaceText.headers, row: { WorkspaceText.row($0, Samples.time) }, fetch: { _ in [] })
    }

    @Test func `of several hosts begins each line with its host`() {
        let lines: [(host: String?, WorkspaceDocument)] = [
            ("local", Samples.workspace("wk4m2", name: "fix")), ("ada@mill", Samples.workspace("w2", name: "main")),
        ]
        #expect(
            Self.listing.table(lines, named: true, Samples.plain) == """
                HOST      ID     NAME  STATE   KIND      BRANCH  SESSIONS  CREATED  PATH
                local     wk4m2  fix   active  worktree  fix     0         5m ago   /srv/w
                ada@mill  w2     main  active  worktree  main    0         5m ago   /srv/w
                """
        )
    }

    @Test func `of sessions shows unknown figures as dashes and how they ended`() {
        var ended = Samples.session("s7z3", title: "tests", status: .exited)
        ended.exit = .init(code: 3, signal: nil)
        ended.endReason = .exited
        ended.workspace = nil
        let text = SessionText.table([Samples.session("s9x1", title: "bash"), ended], Samples.time, Samples.plain)
        #expect(
            text == """
                ID    TITLE  WORKSPACE  STATUS             MEMBERS  ATTACHED  CREATED  COMMAND
                s9x1  bash   wk4m2      active             -        0         5m ago   bash -l
                s7z3  tests  -          exited (status 3)  -        0         5m ago   bash -l
                """
        )
    }

    /// Symptom: columns were out of line below a title of ideographs, and a title could turn the line's direction.
    @Test func `is in line whatever a title holds`() {
        var table = Table("TITLE", "X")
        table.append("日本", "y")
        table.append("a\u{202e}b\u{200b}", "y")
        #expect(table.text(Samples.plain) == "TITLE  X\n日本   y\na\u{fffd}b\u{fffd}   y")
    }
}
