import CgroupPty
import Glibc
import Testing

@Suite struct `A manager's private socket` {
    @Test func `lies in the runtime directory of the user or of the system (I10)`() {
        #expect(ManagerKind.system.privateSocket(environment: [:]) == "/run/systemd/private")
        #expect(ManagerKind.system.privateSocket(environment: ["XDG_RUNTIME_DIR": "/x"]) == "/run/systemd/private")
        #expect(
            ManagerKind.user.privateSocket(environment: ["XDG_RUNTIME_DIR": "/run/user/7"])
                == "/run/user/7/systemd/private")
    }

    @Test func `of a user without a runtime directory is none`() {
        #expect(ManagerKind.user.privateSocket(environment: [:]) == nil)
    }

    @Test func `is the system's for root and the user's for all others`() {
        #expect(ManagerKind.ofCaller == (geteuid() == 0 ? .system : .user))
    }
}
