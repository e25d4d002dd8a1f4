import CgroupPty
import Foundation
import TestSupport

/// Something at a user manager's private socket that takes connections and never answers a call.
final class SilentManager: Sendable {
    /// How far it goes with whoever connects.
    enum Manners: Sendable {
        /// Takes the connection and says nothing, like a manager that is stopped.
        case nothing
        /// Closes the connection as soon as it was greeted.
        case hangsUp
        /// Authenticates, and then reads calls and answers none.
        case reads
    }

    /// What was waited for did not come.
    struct Late: Error, CustomStringConvertible {
        let description: String
    }

    private let socket: ManagerSocket
    private let manners: Manners
    private let state = State()

    /// What its threads have seen, and who waits to hear of it.
    private final class State: @unchecked Sendable {
        let changed = NSCondition()
        var connections: Set<CInt> = []
        var callCount = 0
    }

    /// Listens below a fresh runtime directory.
    init(_ manners: Manners) throws {
        self.manners = manners
        socket = try ManagerSocket()
        Thread { [self] in accept() }.start()
    }

    /// The environment in which a ``SystemdManager`` of kind `user` comes here.
    var environment: [String: String] { socket.environment }

    /// How many calls came in so far.
    var callCount: Int {
        state.changed.lock()
        defer { state.changed.unlock() }
        return state.callCount
    }

    /// Waits until so many calls came in.
    func waitForCalls(_ count: Int) async throws {
        try await wait("\(count) calls") { $0.callCount >= count }
    }

    /// Waits until nobody is connected.
    func waitForNobody() async throws {
        try await wait("the end of all connections") { $0.connections.isEmpty }
    }

    private func wait(_ what: String, _ condition: @escaping @Sendable (State) -> Bool) async throws {
        let came = await BlockingExecutor(label: "silent").run { [state] in
            let limit = Date(timeIntervalSinceNow: 120)
            state.changed.lock()
            defer { state.changed.unlock() }
            while !condition(state) {
                guard state.changed.wait(until: limit) else { return condition(state) }
            }
            return true
        }
        guard came else { throw Late(description: "\(what) did not come within 120 s") }
    }

    private func note(_ change: (State) -> Void) {
        state.changed.lock()
        defer { state.changed.unlock() }
        change(state)
        state.changed.broadcast()
    }

    /// Closes what is connected now.
    func hangUp() {
        note { for raw in $0.connections { ManagerSocket.hangUp(raw) } }
    }

    /// Ends its threads.
    func stop() {
        socket.stop()
        hangUp()
    }

    private func accept() {
        while let raw = socket.accept() {
            note { $0.connections.insert(raw) }
            Thread { [self] in
                serve(raw)
                note {
                    $0.connections.remove(raw)
                    close(raw)
                }
            }.start()
        }
    }

    private func serve(_ raw: CInt) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        if case .hangsUp = manners {
            _ = read(raw, &bytes, bytes.count)
            return
        }
        var greeting: [UInt8] = []
        while case .reads = manners, !String(decoding: greeting, as: UTF8.self).contains("BEGIN\r\n") {
            let count = read(raw, &bytes, bytes.count)
            guard count > 0 else { return }
            greeting += bytes[0..<count]
        }
        if case .reads = manners {
            let answer = Array("DATA\r\nOK 00112233445566778899aabbccddeeff\r\nAGREE_UNIX_FD\r\n".utf8)
            guard send(raw, answer, answer.count, Int32(MSG_NOSIGNAL)) == answer.count else { return }
        }
        while true {
            let count = read(raw, &bytes, bytes.count)
            guard count > 0 else { return }
            // Each call holds its member's name once, and nothing else of ours does.
            let text = String(decoding: bytes[0..<count], as: UTF8.self)
            note {
                $0.callCount += text.split(separator: "ListUnitsByPatterns", omittingEmptySubsequences: false).count - 1
            }
        }
    }
}
