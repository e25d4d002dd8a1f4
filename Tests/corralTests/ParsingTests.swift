import ArgumentParser
import HostProtocol
import Testing

@testable import corral

@Suite struct `The command line` {
    private func parse<Verb>(_ line: String, as type: Verb.Type = Verb.self) throws -> Verb {
        try #require(try Corral.parseAsRoot(words(line)) as? Verb)
    }

    private func words(_ line: String) -> [String] { line.split(separator: " " as Character).map(String.init) }

    @Test func `knows the verbs of the host`() throws {
        #expect(try parse("host start --socket /s", as: HostStart.self).host.places.socket == "/s")
        #expect(try parse("host status --json", as: HostStatus.self).host.json)
        #expect(try parse("status --json", as: StatusVerb.self).host.json)
        #expect(try !parse("host stop", as: HostStop.self).yes)
        #expect(try parse("host stop --yes", as: HostStop.self).yes)
        #expect(try parse("host stop -y", as: HostStop.self).yes)
    }

    @Test func `knows how a workspace is made`() throws {
        let create: WorkspaceCreate = try parse(
            "workspace create --repository r --branch b --base main --name n --id wabc --json"
        )
        #expect(
            [create.repository, create.branch, create.base, create.name, create.id] == ["r", "b", "main", "n", "wabc"])
        #expect(create.host.json)
        let adopt: WorkspaceAdopt = try parse("ws adopt /p --name n")
        #expect([adopt.path, adopt.name] == ["/p", "n"])
    }

    @Test func `knows how workspaces are looked at`() throws {
        #expect(try parse("workspace list", as: WorkspaceList.self).all == false)
        #expect(try parse("workspace ls --all", as: WorkspaceList.self).all)
        #expect(try parse("workspace show .", as: WorkspaceShow.self).workspace == ".")
    }

    @Test func `knows limits`() throws {
        let limit: WorkspaceLimit = try parse(
            "workspace limit w --memory-max 4G --memory-high 3G --cpu-quota 200% --cpu-weight 50 --tasks-max 512 --io-weight 100"
        )
        #expect(limit.workspace == "w")
        #expect(
            limit.limits.request
                == LimitsRequest(
                    memoryMax: LimitValue("4G"), memoryHigh: LimitValue("3G"), cpuQuota: LimitValue("200%"),
                    cpuWeight: LimitValue("50"), tasksMax: LimitValue("512"), ioWeight: LimitValue("100")))
        #expect(try parse("workspace limit w", as: WorkspaceLimit.self).limits.request == nil)
        #expect(
            try parse("session limit s --tasks-max infinity", as: SessionLimit.self).limits.request
                == LimitsRequest(tasksMax: LimitValue("infinity")))
        let create: SessionCreate = try parse("session create w --memory-max 1G -- make")
        #expect(create.limits.request == LimitsRequest(memoryMax: LimitValue("1G")))
        #expect(
            try parse("workspace create --repository r --tasks-max 9", as: WorkspaceCreate.self).limits.request
                == LimitsRequest(tasksMax: LimitValue("9")))
    }

    @Test func `knows figures`() throws {
        #expect(try parse("stats", as: Stats.self).workspace == nil)
        #expect(try parse("stats . --json", as: Stats.self).workspace == ".")
        #expect(try parse("workspace disk w --timeout 3", as: WorkspaceDisk.self).timeout == 3)
    }

    @Test func `knows how long something is to live`() throws {
        #expect(try parse("workspace expire . 7d", as: WorkspaceExpire.self).time.seconds == 604_800)
        #expect(try parse("workspace expire . never", as: WorkspaceExpire.self).time.seconds == nil)
        let create: WorkspaceCreate = try parse("workspace create --repository r --expires 7d")
        #expect(create.expires?.seconds == 604_800)
        let adopt: WorkspaceAdopt = try parse("workspace adopt /p --expires 1h")
        #expect(adopt.expires?.seconds == 3600)
        let session: SessionCreate = try parse("session create . --max-runtime 8h --idle-timeout 30m")
        #expect([session.maxRuntime?.seconds, session.idleTimeout?.seconds] == [28_800, 1800])
    }

    @Test func `knows what is to be frozen`() throws {
        #expect(try parse("workspace freeze a .", as: WorkspaceFreeze.self).chosen.workspaces == ["a", "."])
        #expect(try parse("workspace freeze --all", as: WorkspaceFreeze.self).chosen.all)
        #expect(try parse("workspace thaw --all --json", as: WorkspaceThaw.self).host.json)
        #expect(try parse("session freeze a b", as: SessionFreeze.self).sessions == ["a", "b"])
        #expect(try parse("session thaw a", as: SessionThaw.self).sessions == ["a"])
        #expect(try parse("workspace freeze-idle . 30m", as: WorkspaceFreezeIdle.self).time.seconds == 1800)
        #expect(try parse("workspace freeze-idle . never", as: WorkspaceFreezeIdle.self).time.seconds == nil)
        let create: WorkspaceCreate = try parse("workspace create --repository r --freeze-idle 1h30m")
        #expect(create.freezeIdle?.seconds == 5400)
        for line in ["workspace freeze", "workspace freeze a --all", "workspace thaw", "session freeze"] {
            #expect(throws: (any Error).self) { try Corral.parseAsRoot(words(line)) }
        }
    }

    @Test(
        arguments: [
            ("90s", 90), ("30m", 1800), ("1h30m", 5400), ("7d", 604_800), ("2w", 1_209_600),
            ("1d1s", 86_401),
        ])
    func `reads a span of time`(text: String, seconds: Int) {
        #expect(TimeSpanArgument(argument: text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "s", "0", "0s", "45", "7", "-1s", "1x", "1h30", "h1", "1.5h", "9999999999s", "99999d", "Never", "1 h",
    ])
    func `takes nothing else for a span of time`(text: String) {
        #expect(TimeSpanArgument(argument: text) == nil)
    }

    @Test(arguments: [(0, "0s"), (45, "45s"), (1800, "30m"), (5400, "1h 30m"), (604_800, "7d"), (90_061, "1d 1h")])
    func `tells a span of time`(seconds: Int, text: String) { #expect(TimeText.span(seconds) == text) }

    @Test func `knows every way to delete workspaces`() throws {
        let plain: WorkspaceDelete = try parse("workspace delete a b .")
        #expect(plain.workspaces == ["a", "b", "."])
        #expect([plain.force, plain.deleteBranch, plain.abandon, plain.dryRun] == [false, false, false, false])
        #expect(plain.teardown == .run)
        #expect(plain.timeout == nil)
        let all: WorkspaceDelete = try parse(
            "workspace delete a --force --delete-branch --teardown skip --abandon --dry-run --timeout 2.5"
        )
        #expect([all.force, all.deleteBranch, all.abandon, all.dryRun] == [true, true, true, true])
        #expect(all.teardown.choice == .skip)
        #expect(all.timeout == 2.5)
    }

    @Test func `knows how a session is made`() throws {
        let plain: SessionCreate = try parse("session create .")
        #expect(plain.command.isEmpty)
        #expect(plain.size == nil)
        let all: SessionCreate = try parse(
            "session create w --title t --cwd d --env A=1 --env B=x=y --size 80x24 --on-exit keep --id sabc -- ls -l --json"
        )
        #expect([all.workspace, all.title, all.cwd, all.id] == ["w", "t", "d", "sabc"])
        #expect(all.env.map(\.name) == ["A", "B"])
        #expect(all.env.map(\.value) == ["1", "x=y"])
        #expect(all.size?.size == TerminalSize(columns: 80, rows: 24))
        #expect(all.onExit?.choice == .keep)
        #expect(all.command == ["ls", "-l", "--json"])
        #expect(!all.host.json)
        let attached: SessionCreate = try parse("session create w --attach --read-only --detach-keys ctrl-p,ctrl-q")
        #expect(attached.attach)
        #expect(attached.keys.readOnly)
        #expect(attached.keys.detachKeys?.keys == [0x10, 0x11])
    }

    @Test func `knows how sessions are used`() throws {
        #expect(try parse("session list", as: SessionList.self).workspace == nil)
        #expect(try parse("session list w", as: SessionList.self).workspace == "w")
        #expect(try parse("session show s", as: SessionShow.self).session == "s")
        let kill: SessionKill = try parse("session kill a b --force")
        #expect(kill.sessions == ["a", "b"])
        #expect(kill.force)
        #expect(try parse("session read s --lines 5", as: SessionRead.self).lines == 5)
        #expect(
            try parse("session resize s 200x50", as: SessionResize.self).size.size
                == TerminalSize(columns: 200, rows: 50))
        let send = try #require(try Corral.parseAsRoot(["session", "send", "s", "--", "-n x"]) as? SessionSend)
        #expect(send.text == "-n x")
    }

    @Test func `knows how to attach, and what is on record`() throws {
        let attach: AttachVerb = try parse("attach s --read-only --detach-keys ^]")
        #expect(attach.session == "s")
        #expect(attach.keys.readOnly)
        #expect(attach.keys.detachKeys?.keys == [0x1d])
        #expect(try parse("receipts", as: Receipts.self).workspace == nil)
        #expect(try parse("receipts w", as: Receipts.self).workspace == "w")
        #expect(try parse("receipt r", as: ReceiptVerb.self).receipt == "r")
        for line in ["--host ada@mill workspace list", "workspace list --host ada@mill"] {
            #expect(try parse(line, as: WorkspaceList.self).host.places.host == "ada@mill")
        }
        #expect(try parse("--hosts a,local session list", as: SessionList.self).host.places.hosts == "a,local")
        #expect(try parse("--host ssh://a attach s", as: AttachVerb.self).places.host == "ssh://a")
        #expect(try parse("ports", as: Ports.self).workspace == nil)
        let kill: PortKill = try parse("port kill w 3000 --protocol udp --force")
        #expect(kill.workspace == "w" && kill.port == 3000 && kill.protocol?.choice == .udp && kill.force)
        let reap: Reap = try parse("reap --dry-run --unclaimed")
        #expect(reap.dryRun)
        #expect(reap.unclaimed)
    }

    @Test(arguments: [
        "nonsense", "workspace delete", "workspace create", "workspace delete a --teardown maybe",
        "workspace delete a --timeout -1", "workspace delete a --timeout nan", "session create", "session kill",
        "session create w --size 0x1", "session create w --size 1001x1", "session create w --size 80",
        "session create w --size x", "session create w --env novalue", "session create w --env =x",
        "session create w --on-exit perhaps", "session create w --attach --json", "session create w --read-only",
        "session create w ls", "session read s --lines 0", "attach",
        "session wait s", "session wait s --exit --idle 1", "session wait s --output", "session wait s --idle -1",
        "session wait s --exit --timeout 3601", "session wait s --exit --from 1", "session wait --exit", "session logs",
        "session logs s --from -1", "attach s --detach-keys wrong",
        "attach a b", "receipt", "reap now", "port kill w", "port kill w 0", "port kill w 65536", "port kill w x",
        "port kill w 1 --protocol sctp", "--host -oProxyCommand=x status", "--host http://a status",
        "--hosts a,,b workspace list",
        "--host a --socket /s status", "--host a --hosts b workspace list",
    ])
    func `answers what it cannot understand with 64`(_ line: String) {
        let error = #expect(throws: (any Error).self) { try Corral.parseAsRoot(words(line)) }
        if let error { #expect(Corral.exitCode(for: error).rawValue == CommandStatus.usage.rawValue) }
    }

    @Test(arguments: ["--help", "workspace --help", "workspace delete -h", "attach --help", "--version", "help reap"])
    func `answers a call for help with 0`(_ line: String) {
        let error = #expect(throws: (any Error).self) {
            var command = try Corral.parseAsRoot(words(line))
            try command.run()
        }
        if let error { #expect(Corral.exitCode(for: error).rawValue == 0) }
    }

    @Test func `gives every verb an abstract and an example`() {
        func check(_ command: any ParsableCommand.Type) {
            #expect(!command.configuration.abstract.isEmpty, "\(command)")
            #expect(command.configuration.discussion.contains("corral "), "\(command) has no example")
            command.configuration.subcommands.forEach(check)
        }
        check(Corral.self)
    }
}
