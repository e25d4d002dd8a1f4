import HostClient
import Testing

@Suite struct `The socket's path` {
    private let environment = ["CORRAL_SOCKET": "/tmp/c.sock", "XDG_RUNTIME_DIR": "/run/user/1000"]

    @Test func `is what the caller names, before all else`() throws {
        #expect(try SocketPath.resolve(explicit: "/a", environment: environment, userID: 0) == "/a")
    }

    @Test func `is what CORRAL_SOCKET names, also for root`() throws {
        #expect(try SocketPath.resolve(explicit: nil, environment: environment, userID: 0) == "/tmp/c.sock")
    }

    @Test func `is the system's for root`() throws {
        let environment = ["CORRAL_SOCKET": "", "XDG_RUNTIME_DIR": "/run/user/0"]
        #expect(try SocketPath.resolve(explicit: nil, environment: environment, userID: 0) == "/run/corral/corral.sock")
    }

    @Test func `lies below an ordinary user's runtime directory`() throws {
        let environment = ["XDG_RUNTIME_DIR": "/run/user/1000"]
        #expect(
            try SocketPath.resolve(explicit: nil, environment: environment, userID: 1000)
                == "/run/user/1000/corral/corral.sock"
        )
    }

    @Test(arguments: [[:], ["XDG_RUNTIME_DIR": ""]])
    func `cannot be told without a runtime directory`(_ environment: [String: String]) {
        let failure = #expect(throws: SocketPath.Failure.noRuntimeDirectory) {
            try SocketPath.resolve(explicit: nil, environment: environment, userID: 1000)
        }
        #expect(
            failure?.description == """
                XDG_RUNTIME_DIR is not set, so the host's socket cannot be found. Log in through a session that systemd \
                knows (ssh, a console, `machinectl shell`), or name the socket with --socket PATH or CORRAL_SOCKET.
                """
        )
    }
}
