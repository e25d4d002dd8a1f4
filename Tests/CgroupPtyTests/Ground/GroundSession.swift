import CgroupPty
import Foundation

/// A started leader, its terminal and what came out of it.
final class GroundSession: Sendable {
    let leader: Leader
    let terminal: PseudoTerminal
    private let monitor: ReadinessMonitor
    private let master: OwnedFileDescriptor
    private let output = Locked("")

    init(leader: Leader, terminal: PseudoTerminal, monitor: ReadinessMonitor) throws {
        self.leader = leader
        self.terminal = terminal
        self.monitor = monitor
        master = try terminal.duplicateMaster()
    }

    var pid: ProcessID { leader.pidfd.pid }

    /// Reads output until a text has come; returns everything that came so far, newlines as they are in files.
    @discardableResult
    func read(until text: String) async throws -> String {
        let deadline = GroundWorld.soon
        while true {
            let all = output.withLock { $0 }
            if all.contains(text) { return all }
            guard try await readMore(until: deadline) else {
                throw GroundWorld.Trouble(description: "\"\(text)\" did not come, only \"\(all)\"")
            }
        }
    }

    /// Reads output until nobody holds the other end.
    func readToEnd() async throws -> String {
        let deadline = GroundWorld.soon
        while try await readMore(until: deadline) {}
        return output.withLock { $0 }
    }

    /// Types into the terminal.
    func type(_ text: String) throws { try master.writeAll(text.utf8, name: "terminal") }

    /// Waits for the leader's end and collects it.
    func exitStatus() async throws -> Pidfd.ExitStatus? {
        try await leader.pidfd.exitStatus(monitor, until: GroundWorld.soon)
    }

    private func readMore(until deadline: Deadline) async throws -> Bool {
        guard try await monitor.wait(for: master, .readable, until: deadline) == .ready else {
            throw GroundWorld.Trouble(description: "no output in time after \"\(output.withLock { $0 })\"")
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = master.withRawValue { Glibc.read($0, &bytes, bytes.count) }
        // EIO: the last one who held the slave has closed it.
        guard count > 0 else { return false }
        let text = String(decoding: bytes[0..<count], as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
        output.withLock { $0 += text }
        return true
    }
}
