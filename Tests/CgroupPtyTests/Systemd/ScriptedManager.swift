import CSystemd
import Foundation

/// Something at a user manager's private socket that takes jobs and ends them as it is told to, in the order that it is told to: what a
/// real one does only once in a while.
final class ScriptedManager: Sendable {
    /// What comes after a call that asks for a job.
    enum Step: Sendable {
        /// The reply, which names the job.
        case reply
        /// The end of that job.
        case ends(String)
        /// The end of a job that nobody here has asked for, with its result.
        case stranger(String)
    }

    private let socket: ManagerSocket
    private let steps: [Step]

    /// Listens below a fresh runtime directory. Every call gets the same.
    init(_ steps: [Step]) throws {
        self.steps = steps
        socket = try ManagerSocket()
        Thread { [self] in
            // One connection is all that a test makes at a time.
            while let raw = socket.accept() { serve(raw) }
        }.start()
    }

    /// The environment in which a ``SystemdManager`` of kind `user` comes here.
    var environment: [String: String] { socket.environment }

    /// Ends its thread, once nobody is connected any more.
    func stop() { socket.stop() }

    /// Serves one connection to its end. Takes the descriptor.
    private func serve(_ raw: CInt) {
        var bus: OpaquePointer?
        var name = sd_id128_t()
        guard sd_bus_new(&bus) >= 0, let bus, sd_id128_randomize(&name) >= 0 else { return }
        defer { sd_bus_close_unref(bus) }
        guard sd_bus_set_fd(bus, raw, raw) >= 0, sd_bus_set_server(bus, 1, name) >= 0, sd_bus_start(bus) >= 0 else {
            return
        }
        var number: UInt32 = 0
        while true {
            var message: OpaquePointer?
            let answer = sd_bus_process(bus, &message)
            guard answer >= 0 else { return }
            if let message {
                if sd_bus_message_is_method_call(message, nil, nil) > 0 {
                    number += 1
                    play(bus, message, number)
                }
                sd_bus_message_unref(message)
            } else if answer == 0 {
                guard sd_bus_wait(bus, .max) >= 0 else { return }
            }
        }
    }

    private func play(_ bus: OpaquePointer, _ call: OpaquePointer, _ number: UInt32) {
        for step in steps {
            switch step {
            case .reply:
                var reply: OpaquePointer?
                guard sd_bus_message_new_method_return(call, &reply) >= 0 else { return }
                append(reply, "o", Self.job(number))
                sd_bus_send(bus, reply, nil)
                sd_bus_message_unref(reply)
            case .ends(let result): sendEnd(bus, number, result)
            case .stranger(let result): sendEnd(bus, number + 1000, result)
            }
        }
    }

    private func sendEnd(_ bus: OpaquePointer, _ number: UInt32, _ result: String) {
        var signal: OpaquePointer?
        let made = sd_bus_message_new_signal(
            bus, &signal, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "JobRemoved")
        guard made >= 0 else { return }
        var id = number
        sd_bus_message_append_basic(signal, CChar(UInt8(ascii: "u")), &id)
        append(signal, "o", Self.job(number))
        append(signal, "s", "corral-x.scope")
        append(signal, "s", result)
        sd_bus_send(bus, signal, nil)
        sd_bus_message_unref(signal)
    }

    private func append(_ message: OpaquePointer?, _ type: Unicode.Scalar, _ text: String) {
        _ = text.withCString { sd_bus_message_append_basic(message, CChar(UInt8(ascii: type)), $0) }
    }

    private static func job(_ number: UInt32) -> String { "/org/freedesktop/systemd1/job/\(number)" }
}
