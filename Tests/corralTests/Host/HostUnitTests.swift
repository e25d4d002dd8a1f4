import Testing

@testable import corral

@Suite struct `The host's unit` {
    @Test func `is started again after a crash, however often, and keeps descriptors`() throws {
        let arguments = try HostUnit(userID: 1000).transientArguments(
            executable: "/usr/bin/corral-host", environment: [:], socket: nil
        )
        #expect(
            arguments == [
                "--user", "--quiet", "--collect", "--unit=corral-host.service", "--service-type=notify",
                "--description=Corral host: workspaces and persistent terminals", "--property=Restart=always",
                "--property=RestartSec=0", "--property=StartLimitIntervalSec=0",
                "--property=FileDescriptorStoreMax=4096", "--property=KillMode=mixed", "--property=TimeoutStopSec=100",
                "--property=WatchdogSec=60", "--property=TimeoutAbortSec=10", "--property=OOMPolicy=continue",
                "--property=OOMScoreAdjust=-500", "--property=ManagedOOMPreference=avoid",
                "--setenv=SWIFT_BACKTRACE=enable=no",
                "--", "/usr/bin/corral-host",
            ]
        )
    }

    @Test func `is the system's for root`() throws {
        let arguments = try HostUnit(userID: 0).transientArguments(executable: "/x", environment: [:], socket: nil)
        #expect(!arguments.contains("--user"))
    }

    @Test func `is told where the user's state and socket are`() throws {
        let environment = [
            "XDG_STATE_HOME": "/s", "XDG_CONFIG_HOME": "/k", "CORRAL_SOCKET": "/c/corral.sock", "SECRET": "x",
        ]
        let unit = HostUnit(userID: 1000)
        let told = try unit.transientArguments(executable: "/x", environment: environment, socket: nil)
        let places = ["--setenv=XDG_CONFIG_HOME=/k", "--setenv=XDG_STATE_HOME=/s"]
        #expect(told.suffix(5) == places + ["--", "/x", "--runtime-directory=/c"])
        let named = try unit.transientArguments(executable: "/x", environment: environment, socket: "/n/corral.sock")
        #expect(named.last == "--runtime-directory=/n")
        #expect(throws: CommandFailure.self) {
            try unit.transientArguments(executable: "/x", environment: [:], socket: "/n/other.sock")
        }
    }

    @Test func `costs terminals when it stops`() {
        #expect(HostStop.loss(sessions: 1) == "1 live session will lose its terminal and end.")
        #expect(HostStop.loss(sessions: 7) == "7 live sessions will lose their terminals and end.")
    }
}

@Suite struct `A child process` {
    @Test func `is run to its end`() throws {
        #expect(
            try ChildProcess.run("sh", ["-c", "printf hello; exit 7"], capturing: true)
                == ChildProcess.Result(status: 7, output: "hello")
        )
    }

    @Test func `that a signal ended has 128 and its number`() throws {
        #expect(try ChildProcess.run("sh", ["-c", "kill -9 $$"]).status == 137)
    }

    @Test func `that is not there is a failure`() {
        #expect(throws: CommandFailure.failed("corral-no-such cannot be started: No such file or directory.")) {
            try ChildProcess.run("corral-no-such", [])
        }
    }
}
