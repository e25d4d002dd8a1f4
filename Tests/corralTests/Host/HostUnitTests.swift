import TestSupport
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

@Suite struct `The state of the host's unit` {
    @Test func `is read of what systemctl shows`() {
        let running = HostUnitState(
            """
            MainPID=4711
            ActiveState=active
            UnitFileState=disabled

            Listen=/run/user/1000/corral/corral.sock (Stream)
            ActiveState=active
            UnitFileState=enabled-runtime

            """)
        #expect(running.isActive && running.socketIsActive && running.socketIsEnabled)
        #expect(running.mainPID == 4711)
        #expect(running.socketPath == "/run/user/1000/corral/corral.sock")

        let between = HostUnitState("MainPID=0\nActiveState=activating\n\nActiveState=inactive\nUnitFileState=\n")
        #expect(between.isActive && between.mainPID == nil)
        #expect(!between.socketIsActive && !between.socketIsEnabled && between.socketPath == nil)
    }

    @Test func `says whether a path leads to its socket, whatever the path is called`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/corral.sock"
        try Shell.run("touch '\(path)'; ln -s corral.sock '\(directory.path)/link'; touch '\(directory.path)/other'")
        var state = HostUnitState("ActiveState=inactive\n\nActiveState=active\nListen=\(path) (Stream)\n")
        #expect(state.isSocket(at: path) && state.isSocket(at: directory.path + "/link"))
        #expect(!state.isSocket(at: directory.path + "/other") && !state.isSocket(at: directory.path + "/none"))
        state.socketIsActive = false
        #expect(!state.isSocket(at: path))
    }
}

@Suite struct `A host that is not the unit` {
    @Test func `is told by its own service, if it is one of the same manager`() {
        let user = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/corral-lab.service\n"
        #expect(HostTarget.service(inCgroups: user, isUser: true) == "corral-lab.service")
        #expect(HostTarget.service(inCgroups: user, isUser: false) == nil)
        let system = "1:name=systemd:/x\n0::/system.slice/corral-lab.service\n"
        #expect(HostTarget.service(inCgroups: system, isUser: false) == "corral-lab.service")
        #expect(HostTarget.service(inCgroups: system, isUser: true) == nil)
        #expect(HostTarget.service(inCgroups: "0::/user.slice/user-0.slice/session-1.scope\n", isUser: false) == nil)
    }
}
