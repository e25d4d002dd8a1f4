import ArgumentParser
import CgroupPty
import Foundation
import TestSupport
import Testing

@testable import HostService

/// What is said about `text` at `/c`; an empty list when it is taken.
private func problems(_ text: String) -> [String] {
    ConfigurationFile(bytes: Array(text.utf8), path: "/c").problems
}

@Suite struct `A configuration` {
    private static func settle(
        _ directories: [String], _ options: [ConfigurationAssignment?] = [],
        environment: [String: String] = ["HOME": "/home/ada", "XDG_RUNTIME_DIR": "/run/user/1000"]
    ) throws -> SettledConfiguration {
        try SettledConfiguration(
            ConfigurationSources(directories: directories), options: options.compactMap { $0 }, runtimeDirectory: "/r",
            environment: environment, machineID: "0123")
    }

    @Test func `is what Corral does by itself where there is no file`() throws {
        let settled = try Self.settle(["/nowhere"])
        #expect(settled.count == 0)
        #expect(settled.configuration.sessionLimit == 3000)
        #expect(settled.text.contains("\n#SessionLimit=3000\n"))
        #expect(settled.text.contains("\n#ExpiresSec=infinity\n"))
    }

    @Test func `is read in the order of its files, of which a later one wins`() throws {
        let directory = try TemporaryDirectory(files: [
            "etc/corral.conf": "[Host]\nSessionLimit=1\nReapIntervalSec=1min\n[Session]\nTasksMax=10\n",
            "etc/corral.conf.d/10-b.conf": "[Host]\nSessionLimit=2\n",
            "etc/corral.conf.d/9-a.conf": "[Host]\nSessionLimit=3\nRingSize=1M\n",
            "etc/corral.conf.d/z.conf.bak": "[Host]\nSessionLimit=4\n",
            "etc/corral.conf.d/.z.conf": "[Host]\nSessionLimit=5\n",
            "home/corral.conf": "; mine\n# too\n\n[Host]\r\n  ReapIntervalSec = 2min 30s \r\n[Session]\nTasksMax=\n",
        ])
        let (etc, home) = (directory.path + "/etc", directory.path + "/home")
        let settled = try Self.settle([etc, home], [.option("--ring-size", "128K")])
        #expect(settled.configuration.sessionLimit == 3, "by the names' bytes, not by numbers")
        #expect(settled.configuration.reapInterval == .seconds(150))
        #expect(settled.configuration.ringCapacity == 128 << 10, "the command line wins over each file")
        #expect(settled.configuration.sessionDefaults.isEmpty, "an empty value goes back")
        #expect(
            settled.paths
                == [
                    etc + "/corral.conf", etc + "/corral.conf.d/10-b.conf", etc + "/corral.conf.d/9-a.conf",
                    home + "/corral.conf",
                ])
        for shown in [
            "# \(etc)/corral.conf.d/9-a.conf:2\nSessionLimit=3\n",
            "# \(home)/corral.conf:5\nReapIntervalSec=2min 30s\n",
            "# --ring-size\nRingSize=128K\n", "\n#TasksMax=infinity",
        ] {
            #expect(settled.text.contains(shown), "\(settled.text)")
        }
        // What is shown is a file that says the same.
        let again = try TemporaryDirectory(files: ["corral.conf": settled.text])
        let second = try Self.settle([again.path])
        #expect(second.configuration.reapInterval == .seconds(150))
        // `corral doctor` told of two keys where the file had one: its own --log-level was the other.
        #expect(settled.count == 2, "an option is no key of a file")
        #expect(second.count == 3)
    }

    @Test func `that is none tells twenty faults, and how many more there are`() throws {
        // A megabyte of it was half a million entries of the journal, at every try to start.
        let directory = try TemporaryDirectory(files: ["corral.conf": String(repeating: "a\n", count: 5000)])
        let failure = #expect(throws: ConfigurationFailure.self) { try Self.settle([directory.path]) }
        #expect(failure?.problems.count == 21)
        #expect(failure?.problems.last == "and 4980 more")
    }

    @Test(arguments: ["corral.conf", "corral.conf.d/10-a.conf"])
    func `that is a link to what is not there is refused`(name: String) throws {
        let directory = try TemporaryDirectory(files: ["corral.conf.d/x": ""])
        try Shell.run("ln -s nowhere '\(directory.path)/\(name)'")
        let failure = #expect(throws: ConfigurationFailure.self) { try Self.settle([directory.path]) }
        #expect(failure?.problems == ["\(directory.path)/\(name): a link to what is not there"])
    }

    @Test func `takes a per cent sign of the command line for one`() throws {
        let places = try HostPlaces.parse(["--state-directory", "/s/100%h", "--runtime-directory", "/r"])
        let settled = try places.configuration(ConfigurationSources(directories: []), [], ["XDG_RUNTIME_DIR": "/r"])
        #expect(settled.configuration.stateDirectory == "/s/100%h")
        #expect(settled.text.contains("\nStateDirectory=/s/100%%h\n"), "as a file would have it")
    }

    @Test func `takes an empty variable for one that is not set`() throws {
        let places = HostConfiguration.Failure.self
        let (home, runtime) = (["HOME": "/h", "XDG_STATE_HOME": ""], ["HOME": "/h", "XDG_RUNTIME_DIR": ""])
        let configuration = try HostConfiguration(
            manager: .user, runtimeDirectory: "/r", environment: home, machineID: "m")
        #expect(configuration.stateDirectory == "/h/.local/state/corral/m")
        // It made directories in the root of the file system.
        #expect(throws: places) { try HostConfiguration(manager: .user, environment: runtime, machineID: "m") }
    }

    @Test(
        arguments: [
            ("[Host]\nSessionLimit=0", #"/c:2: SessionLimit= is "0"; a number from 1 to 3500 is wanted"#),
            ("[Host]\nSessionLimit=1 2", #"/c:2: SessionLimit= is "1 2"; a number"#),
            ("[Host]\nLogLevel=loud", #"is "loud"; one of debug, info, notice, warning, error is wanted"#),
            ("[Host]\nRingSize=63K", #"is "63K"; a size from 64K to 64M is wanted"#),
            ("[Host]\nEscapes=yes", #"is "yes"; one of kill, report is wanted"#),
            ("[Host]\nStateDirectory=here", #"is "here"; an absolute path is wanted"#),
            ("[Host]\nStateDirectory=/%x", #"is "/%x"; an absolute path is wanted; %h, %U, %m and %% may be in it"#),
            ("[Host]\nReapIntervalSec=1d 1s", #"a time span from 1s to 1d is wanted, such as 90s, 5min or 1h 30min"#),
            ("[Host]\nRetentionSec=23h", "a time span from 1d to"),
            ("\n\n[Workspace]\nMemoryMax=4X", #"/c:4: MemoryMax= is "4X"; a size is wanted, from 1M on"#),
            (
                "[Workspace]\nExpiresSec=never",
                #"is "never"; a time span from 1s to 3660d is wanted, such as 90s, 5min or 1h 30min, or infinity"#
            ),
            ("[Session]\nCPUQuota=0%", #"is "0%"; per cent of one processor are wanted"#),
        ])
    func `with a bad value is refused with its line and what is wanted`(text: String, message: String) throws {
        let directory = try TemporaryDirectory(files: ["corral.conf": text])
        do {
            _ = try Self.settle([directory.path])
            Issue.record("\(text) was taken")
        } catch let failure as ConfigurationFailure {
            let found = failure.description.replacing(directory.path + "/corral.conf", with: "/c")
            #expect(found.contains(message), "\(found)")
            #expect(failure.exitStatus == 78)
        }
    }

    @Test(
        arguments: [
            (
                "SessionLimit=1",
                "/c:1: SessionLimit= stands above the first section; [Host], [Workspace], [Session] are known"
            ),
            ("[Hots]\nSessionLimit=1", "/c:1: [Hots] is not known; [Host], [Workspace], [Session] are"),
            ("[Host", "/c:1: [Host is not known; [Host], [Workspace], [Session] are"),
            ("[Host]\nMemoryMax=1G", "/c:2: MemoryMax= belongs into [Workspace] or [Session], not into [Host]"),
            (
                "[Host]\nSesionLimit=1",
                "/c:2: SesionLimit= is not known in [Host]; StateDirectory=, LogLevel=, SessionLimit=, RingSize=, ScriptTimeoutSec=, ReapIntervalSec=, Escapes=, RetentionSec= are"
            ),
            ("[Host]\nsessionlimit=1", "/c:2: sessionlimit= is not known in [Host]; "),
            ("[Host]\n=1", "/c:2: = is not known in [Host]; "),
            ("[Host]\nSessionLimit", #"/c:2: "SessionLimit" is neither [Section] nor Key=Value"#),
            (
                "[Host]\nSessionLimit=\\\n1",
                "/c:2: it ends in a backslash; each value is wanted on a line of its own"
            ),
            ("[Host]\nLogLevel=\0", "/c:2: this is no text in UTF-8"),
        ])
    func `that is none is refused at the line`(text: String, message: String) {
        #expect(problems(text).first?.hasPrefix(message) == true, "\(problems(text))")
    }

    @Test func `is refused as a whole, with all that is wrong in all files`() throws {
        let directory = try TemporaryDirectory(files: [
            "corral.conf": "[Host]\nSessionLimit=7\n[Foo]\nA=1\nB=2\n",
            "corral.conf.d/a.conf": "[Host]\nColour=blue\n",
        ])
        do {
            _ = try Self.settle([directory.path])
            Issue.record("it was taken")
        } catch let failure as ConfigurationFailure {
            #expect(
                failure.problems.count == 2, "what stands below a section that is not known is not judged: \(failure)")
        }
        try Shell.run("rm corral.conf; mkdir corral.conf; rm -r corral.conf.d; touch corral.conf.d", in: directory.path)
        do {
            _ = try Self.settle([directory.path])
            Issue.record("it was taken")
        } catch let failure as ConfigurationFailure {
            #expect(failure.problems.count == 2)
            #expect(
                failure.description.contains("EISDIR") || failure.description.contains("Is a directory"), "\(failure)")
        }
    }

    @Test func `that is not in UTF-8 is refused at the line`() {
        let file = ConfigurationFile(bytes: Array("[Host]\nLogLevel=".utf8) + [0xFF, 0x0A], path: "/c")
        #expect(file.problems == ["/c:2: this is no text in UTF-8"])
    }

    @Test func `of the command line alone is refused as a wrong call`() throws {
        do {
            _ = try Self.settle([], [.option("--session-limit", "many")])
            Issue.record("it was taken")
        } catch let failure as ConfigurationFailure {
            #expect(
                failure.description
                    == #"--session-limit is "many"; a number from 1 to 3500 is wanted; kernel.pty.max allows 4096 terminals"#
            )
            #expect(failure.exitStatus == 64)
        }
    }

    @Test func `has paths in which signs stand for home, user and machine`() throws {
        let directory = try TemporaryDirectory(files: ["corral.conf": "[Host]\nStateDirectory=/srv/%U/%m%h/50%%\n"])
        let settled = try Self.settle([directory.path])
        #expect(settled.configuration.stateDirectory == "/srv/\(geteuid())/0123/home/ada/50%")
        #expect(settled.text.contains("\nStateDirectory=/srv/\(geteuid())/0123/home/ada/50%%\n"))
        // Nobody need be able to tell the usual directory where another one is chosen.
        let placed = try TemporaryDirectory(files: ["corral.conf": "[Host]\nStateDirectory=/srv/corral\n"])
        #expect(try Self.settle([placed.path], environment: [:]).configuration.stateDirectory == "/srv/corral")
    }

    @Test func `takes limits from options, of which the last counts`() throws {
        let directory = try TemporaryDirectory(files: [
            "corral.conf": "[Workspace]\nMemoryMax=8G\nTasksMax=5\nIOWeight=7\n"
        ])
        let options = try [ConfigurationAssignment].limits(
            ["tasks-max=100", "tasks-max=200", "memory-max=infinity"], option: "--workspace-default")
        let settled = try Self.settle([directory.path], options)
        #expect(settled.configuration.workspaceDefaults == ResourceLimits([.tasksMax: 200, .ioWeight: 7]))
        #expect(settled.text.contains("# --workspace-default tasks-max\nTasksMax=200\n"))
        let names = "memory-max, memory-high, cpu-quota, cpu-weight, tasks-max, io-weight"
        for item in ["memory=1G", "tasks-max"] {
            #expect(
                throws: ConfigurationFailure(
                    problems: ["--session-default \(item): LIMIT=VALUE is wanted, LIMIT one of \(names)"], isUsage: true
                )
            ) {
                _ = try [ConfigurationAssignment].limits([item], option: "--session-default")
            }
        }
    }

    @Test func `of a user lies in two places, of root in one`() {
        let environment = ["HOME": "/home/ada", "XDG_CONFIG_HOME": "relative"]
        #expect(
            ConfigurationSources(.user, environment: environment).text
                == "/etc/corral/corral.conf, /home/ada/.config/corral/corral.conf")
        #expect(
            ConfigurationSources(.user, environment: ["XDG_CONFIG_HOME": "/k", "HOME": "/h"]).text
                == "/etc/corral/corral.conf, /k/corral/corral.conf")
        #expect(ConfigurationSources(.system, environment: environment).text == "/etc/corral/corral.conf")
    }

    /// Each key that the programs know must be in corral.conf(5), and nothing that they do not know.
    @Test func `is described in its man page, key by key`() throws {
        let page = try String(contentsOfFile: "\(Ground.packaging)/man/corral.conf.5", encoding: .utf8)
        var section = ""
        var described: Set<String> = []
        for line in page.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == ".Ss" { section = words.dropFirst().first.map { String($0.filter(\.isLetter)) } ?? "" }
            if words.starts(with: [".It", "Ic"]), let key = words.dropFirst(2).first, key.hasSuffix("=") {
                described.insert("\(section).\(key.dropLast())")
            }
        }
        #expect(described == Set(ConfigurationKey.all.map(\.id)))
        let options = Set(ConfigurationKey.all.compactMap { $0.option?.split(separator: " ").first })
        for option in options {
            let isNamed = page.contains(".Fl " + option.dropFirst().replacing("-", with: "\\-"))
            #expect(isNamed, "\(option)")
        }
    }

    @Test func `that was changed by chance is taken or refused at a line that it has`() {
        var counts = (taken: 0, refused: 0)
        for var input in MutatedInput.each(1_000) {
            let bytes = input.mutate(
                "[Host]\nSessionLimit=10\n# x\nRingSize=2M\n[Session]\nMemoryMax=1.5G\nCPUQuota=50%\n",
                "[]=#;\\\n HostSession0123456789KMG%.")
            let file = ConfigurationFile(bytes: bytes, path: "/c")
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
            for problem in file.problems {
                let parts = problem.split(separator: ":")
                let line = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
                #expect((1...lines).contains(line), "seed \(input.seed): \(problem)")
            }
            if file.problems.isEmpty { counts.taken += 1 } else { counts.refused += 1 }
            #expect(file.assignments.count <= lines)
        }
        #expect(counts.taken > 0 && counts.refused > 0, "\(counts)")
    }
}

@Suite struct `A time span as people write it` {
    @Test(
        arguments: [
            ("90", 90), ("90s", 90), ("5min", 300), ("5m", 300), ("1h 30min", 5400), ("1h30min", 5400), ("7d", 604_800),
            ("1w", 604_800), ("2 hours 5 sec", 7205), ("0", 0),
        ])
    func `is read as systemd reads it`(text: String, seconds: Int) {
        #expect(TimeSpanText.seconds(text) == seconds)
        #expect(TimeSpanText.seconds(TimeSpanText.text(seconds)) == seconds)
    }

    @Test(arguments: [
        "", " ", "s", "-1", "1.5h", "1 x", "5M", "1h 30", "30 1h", "1ms", "99999999999", "5min,", "٣s", "1h\n2s",
        // A program must not end by a line that is long.
        String(repeating: "9999999999w", count: 2000),
    ])
    func `is refused when it is none`(text: String) {
        #expect(TimeSpanText.seconds(text) == nil)
    }
}
