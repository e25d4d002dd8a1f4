internal import CSystemd
import Glibc

/// Asks a systemd manager to start and stop units, over its private socket or, failing that, the bus.
///
/// The watch for `JobRemoved` is in place before any call is made, every job is matched by its path and its result is
/// checked, every wait has a deadline, at most ``callLimit`` calls are under way, and a lost connection fails what was under
/// way and is made anew by the next call.
///
/// This file is longer than most because connection, calls and jobs share the state of one `sd_bus`.
/// See: org.freedesktop.systemd1(5); sd-bus(3)
public actor SystemdManager {
    /// Calls under way at most. The system bus refuses the 129th pending reply of a connection.
    public static let callLimit = 32

    /// A unit as `systemctl list-units` shows it.
    public struct Unit: Sendable, Equatable {
        public let name: String
        /// `active`, `inactive`, `failed`, …
        public let activeState: String
        /// `running`, `dead`, `abandoned`, …
        public let subState: String
    }

    /// Which manager it is.
    public nonisolated let kind: ManagerKind
    private nonisolated let thread: BusThread
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let environment: [String: String]
    private var bus: OpaquePointer?
    private var jobs: [String: JobWait] = [:]
    /// Results of jobs that ended while a call's reply was still on its way, each with the key of the next call: it can only
    /// belong to an earlier one, and goes when those have their replies.
    private var early: [String: (result: JobResult, nextReply: UInt64)] = [:]
    private var pendingReplies: [UInt64: ReplyWait] = [:]
    private var nextReply: UInt64 = 1
    private var callsUnderWay = 0
    /// Calls that wait for their turn; each is told whether it came before the deadline.
    private var queue: [(ticket: UInt64, turn: CheckedContinuation<Bool, Never>)] = []
    private var nextTicket: UInt64 = 1

    /// The end of a job, which may come before anybody waits for it.
    private typealias JobWait = Settlement<Result<JobResult, ConnectionLoss>>

    /// What resumes with a reply. Only ever touched on the bus thread.
    private struct ReplyWait {
        let read: (OpaquePointer) -> Void
        let fail: (ReplyError) -> Void
        /// Set for a call that answers with a job: it must be known by its path before the next message is processed.
        let job: JobWait?
        /// Kept here for the callback, which does not own it: without the slot it is never called.
        let context: ReplyContext
        /// Ours; given back when the wait ends, however it ends.
        var slot: OpaquePointer?
    }

    private enum ReplyError: Error {
        case refused(name: String, message: String)
        case lost(String)
        case overdue
    }

    private struct ConnectionLoss: Error {
        let cause: String
    }

    /// Starts the thread; the connection is made by the first call.
    public init(kind: ManagerKind, environment: [String: String]) throws(SystemCallFailure) {
        self.kind = kind
        self.environment = environment
        thread = try BusThread()
    }

    deinit { thread.stop() }  // which closes the connection too

    /// Ends the connection; what is under way fails as unreachable.
    public func close() {
        disconnect("the connection was closed")
    }

    // MARK: What callers ask

    /// Puts a process into a new scope and waits until systemd has done so.
    ///
    /// Mode `fail`, no auxiliary unit: the slice is made implicitly and the prefix drop-in gives it `StopWhenUnneeded=yes`.
    /// - Parameters:
    ///   - pid: a process that is parked and cannot exit by itself: a scope started on a zombie leaks for ever.
    ///   - limits: what the scope is limited to from the start. systemd says nothing where it cannot enforce one: read them back.
    /// - Throws: ``ScopeFailure``. `UnitExists`: the name is taken. `TransactionIsDestructive`: a stop of the slice is under way.
    /// - SeeAlso: systemd.scope(5)
    public func startScope(
        _ scope: ScopeName, description: String, leader pid: ProcessID, stopTimeout: Duration,
        limits: ResourceLimits = ResourceLimits(), until deadline: Deadline
    ) async throws(ScopeFailure) {
        // In a unit file 0 means no timeout; one microsecond is no time everywhere.
        let microseconds = max(1, stopTimeout.wholeMicroseconds)
        let line = OneLine.description(description)
        let result = try await job("start scope", scope.unit, until: deadline) { bus, message in
            Self.withProperties(limits.values.mapValues { $0 }) { names, values, count in
                corral_bus_new_start_scope(
                    bus, &message, scope.unit, scope.slice.unit, line, UInt32(pid.rawValue), microseconds, names,
                    values, count)
            }
        }
        if case .other(let text) = result { throw .job(operation: "start scope", unit: scope.unit, result: text) }
    }

    /// Sets and lifts limits of a unit until the next boot, whether it is loaded or not: a slice that is not gets them when it is
    /// loaded again, since systemd keeps them in files in its runtime directory.
    ///
    /// A limit that is set is in the kernel before the answer. One that is lifted goes later if its controller goes with it, which is
    /// after the answer and before the next call is taken. And systemd says nothing where it cannot enforce one. So this asks
    /// something else before it returns, and the caller reads the kernel.
    /// - SeeAlso: org.freedesktop.systemd1(5), `SetUnitProperties()`; systemd v252 and v257 src/core/cgroup.c, `unit_realize_cgroup`,
    ///   and src/core/manager.c, `manager_loop`
    public func setLimits(
        _ unit: String, _ change: ResourceLimitChange, until deadline: Deadline
    ) async throws(ScopeFailure) {
        guard !change.isEmpty else { return }
        _ = try await call(
            "set limits of", unit, until: deadline,
            { bus, message in
                Self.withProperties(change.values) { corral_bus_new_set_properties(bus, &message, unit, $0, $1, $2) }
            },
            { _ in 0 })
        _ = try await version(until: deadline)
    }

    /// Removes the files in which systemd keeps what was set of a unit. A unit without any is no failure.
    public func revertUnit(_ unit: String, until deadline: Deadline) async throws(ScopeFailure) {
        _ = try await call("revert", unit, until: deadline, { corral_bus_new_revert($0, &$1, unit) }, { _ in 0 })
    }

    /// Stops a unit and waits for the end of the job, whose result is a hint (I2).
    /// - Returns: nil when there is no such unit.
    public func stopUnit(_ unit: String, until deadline: Deadline) async throws(ScopeFailure) -> JobResult? {
        do throws(ScopeFailure) {
            return try await job("stop", unit, until: deadline) { bus, message in
                Self.newCall(bus, &message, "StopUnit", [unit, "replace"])
            }
        } catch {
            if error.errorName == "org.freedesktop.systemd1.NoSuchUnit" { return nil }
            throw error
        }
    }

    /// Sends a signal to every process of a unit, also in cgroups below its own. A unit that is not loaded, or has none, is no failure.
    ///
    /// - SeeAlso: org.freedesktop.systemd1(5), `KillUnit()`
    public func signalUnit(_ unit: String, _ signal: CInt, until deadline: Deadline) async throws(ScopeFailure) {
        try await callIgnoringMissing("send signal \(signal) to", unit, until: deadline) { bus, message in
            let made = Self.newCall(bus, &message, "KillUnit", [unit, "all"])
            var number = Int32(signal)
            return made < 0 ? made : sd_bus_message_append_basic(message, CChar(UInt8(ascii: "i")), &number)
        }
    }

    /// Forgets that a unit has failed, so that it can be unloaded. A unit that is not loaded is no failure.
    public func resetFailedUnit(_ unit: String, until deadline: Deadline) async throws(ScopeFailure) {
        try await callIgnoringMissing("reset-failed", unit, until: deadline) {
            Self.newCall($0, &$1, "ResetFailedUnit", [unit])
        }
    }

    /// Freezes a unit, and all that lies in it.
    /// - Throws: ``ScopeFailure``. `NoSuchUnit`: it is not loaded.
    public func freezeUnit(_ unit: String, until deadline: Deadline) async throws(ScopeFailure) {
        _ = try await call("freeze", unit, until: deadline, { Self.newCall($0, &$1, "FreezeUnit", [unit]) }, { _ in 0 })
    }

    /// Thaws a unit. A unit that is not frozen or not loaded is no failure.
    ///
    /// From systemd 257 on a stop of a frozen unit answers `frozen` and does nothing. Before, a thaw and a stop thaw what the unit lies in
    /// as well.
    /// - SeeAlso: systemd v252 src/core/cgroup.c, `unit_cgroup_freezer_action`
    public func thawUnit(_ unit: String, until deadline: Deadline) async throws(ScopeFailure) {
        try await callIgnoringMissing("thaw", unit, until: deadline) { Self.newCall($0, &$1, "ThawUnit", [unit]) }
    }

    /// Reads units and drop-ins from disk again.
    public func reload(until deadline: Deadline) async throws(ScopeFailure) {
        _ = try await call("reload", "units", until: deadline, { Self.newCall($0, &$1, "Reload", []) }, { _ in 0 })
    }

    /// Units whose name matches a pattern as in fnmatch(3).
    public func units(matching pattern: String, until deadline: Deadline) async throws(ScopeFailure) -> [Unit] {
        let units: [Unit]? = try await call(
            "list", pattern, until: deadline, { corral_bus_new_list_units($0, &$1, pattern) },
            { reply in
                guard sd_bus_message_enter_container(reply, CChar(UInt8(ascii: "a")), "(ssssssouso)") >= 0 else {
                    return nil
                }
                var units: [Unit] = []
                var name: UnsafePointer<CChar>?
                var active: UnsafePointer<CChar>?
                var sub: UnsafePointer<CChar>?
                while true {
                    let answer = corral_bus_read_unit(reply, &name, &active, &sub)
                    if answer == 0 { return units }
                    guard answer > 0, let name, let active, let sub else { return nil }
                    units.append(
                        Unit(
                            name: String(cString: name), activeState: String(cString: active),
                            subState: String(cString: sub)))
                }
            })
        // Half a list would be read as the absence of the rest (I3).
        guard let units else {
            throw .refused(operation: "list", unit: pattern, name: "EBADMSG", message: "no list of units")
        }
        return units
    }

    // MARK: Calls and jobs

    private typealias NewMessage = (OpaquePointer, inout OpaquePointer?) -> CInt

    /// Reads a property of the manager, a unit or a job.
    /// - Parameter read: gives nil where the answer is of another type.
    /// - Returns: nil as well where the object has no such interface.
    func property<Value: Sendable>(
        _ name: String, of object: String, _ interface: String, _ subject: String, until deadline: Deadline,
        _ read: @escaping (OpaquePointer) -> Value?
    ) async throws(ScopeFailure) -> Value? {
        try await call(
            "read property", subject, until: deadline,
            {
                Self.newCall(
                    $0, &$1, "Get", ["org.freedesktop.systemd1.\(interface)", name], object: object,
                    interface: "org.freedesktop.DBus.Properties")
            },
            read)
    }

    private func callIgnoringMissing(
        _ operation: String, _ unit: String, until deadline: Deadline, _ message: NewMessage
    ) async throws(ScopeFailure) {
        do throws(ScopeFailure) {
            _ = try await call(operation, unit, until: deadline, message, { _ in 0 })
        } catch {
            if error.errorName == "org.freedesktop.systemd1.NoSuchUnit" { return }
            throw error
        }
    }

    /// Makes a call that answers with a job, and waits for that job's end.
    private func job(
        _ operation: String, _ unit: String, until deadline: Deadline, _ message: NewMessage
    ) async throws(ScopeFailure) -> JobResult {
        let wait = JobWait()
        let path: String? = try await call(operation, unit, until: deadline, message, { Self.jobPath($0) }, job: wait)
        guard let path else {
            throw .refused(operation: operation, unit: unit, name: "EBADMSG", message: "no job path")
        }
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            wait.settle(.success(.other("deadline")))
        }
        let answer = await wait.value()
        timer.cancel()
        jobs[path] = nil
        switch answer {
        case .success(.other("deadline")): throw .deadlinePassed(operation: operation, unit: unit)
        case .success(let result): return result
        case .failure(let loss): throw .unreachable(operation: operation, unit: unit, cause: loss.cause)
        }
    }

    private static func jobPath(_ reply: OpaquePointer) -> String? {
        var text: UnsafeMutableRawPointer?
        guard sd_bus_message_read_basic(reply, CChar(UInt8(ascii: "o")), &text) >= 0, let text else { return nil }
        return String(cString: text.assumingMemoryBound(to: CChar.self))
    }

    private func call<Value: Sendable>(
        _ operation: String, _ unit: String, until deadline: Deadline, _ message: NewMessage,
        _ read: @escaping (OpaquePointer) -> Value, job: JobWait? = nil
    ) async throws(ScopeFailure) -> Value {
        guard await turn(until: deadline) else { throw .deadlinePassed(operation: operation, unit: unit) }
        defer { if queue.isEmpty { callsUnderWay -= 1 } else { queue.removeFirst().turn.resume(returning: true) } }
        let answer: Result<Value, ReplyError> = await send(deadline, message, read, job)
        switch answer {
        case .success(let value): return value
        case .failure(.overdue): throw .deadlinePassed(operation: operation, unit: unit)
        case .failure(.refused(let name, let text)):
            throw .refused(operation: operation, unit: unit, name: name, message: text)
        case .failure(.lost(let cause)): throw .unreachable(operation: operation, unit: unit, cause: cause)
        }
    }

    /// Waits until fewer than ``callLimit`` calls are under way; false when the deadline came first, also while others waited longer.
    private func turn(until deadline: Deadline) async -> Bool {
        if callsUnderWay < Self.callLimit {
            callsUnderWay += 1
            return true
        }
        let ticket = nextTicket
        nextTicket += 1
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            self.giveUp(ticket)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { queue.append((ticket, $0)) }
    }

    private func giveUp(_ ticket: UInt64) {
        guard let index = queue.firstIndex(where: { $0.ticket == ticket }) else { return }
        queue.remove(at: index).turn.resume(returning: false)
    }

    private func send<Value: Sendable>(
        _ deadline: Deadline, _ newMessage: NewMessage, _ read: @escaping (OpaquePointer) -> Value, _ job: JobWait?
    ) async -> Result<Value, ReplyError> {
        let bus: OpaquePointer
        switch connected() {
        case .success(let open): bus = open
        case .failure(let loss): return .failure(.lost(loss.cause))
        }
        var message: OpaquePointer?
        let made = newMessage(bus, &message)
        guard made >= 0, let message else { return .failure(.lost(String(cString: strerror(-made)))) }
        defer { sd_bus_message_unref(message) }
        let key = nextReply
        nextReply += 1
        // Not by the timeout of the call: that counts only once the other side has authenticated us.
        let timer = Task {
            do { try await Task.sleep(for: deadline.remaining) } catch { return }
            self.finishReply(key, .failure(.overdue))
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, ReplyError>, Never>) in
            let context = ReplyContext(manager: self, key: key)
            let wait = ReplyWait(
                read: { continuation.resume(returning: .success(read($0))) },
                fail: { continuation.resume(returning: .failure($0)) }, job: job, context: context)
            let sent = sd_bus_call_async(
                bus, &pendingReplies[key, default: wait].slot, message, Self.onReply,
                Unmanaged.passUnretained(context).toOpaque(), .max)
            if sent < 0 {
                finishReply(key, .failure(.lost(String(cString: strerror(-sent)))))
            }
        }
    }

    private final class ReplyContext: Sendable {
        unowned let manager: SystemdManager
        let key: UInt64
        init(manager: SystemdManager, key: UInt64) {
            self.manager = manager
            self.key = key
        }
    }

    private static let onReply: sd_bus_message_handler_t = { reply, context, _ in
        guard let context, let reply else { return 0 }
        let pending = Unmanaged<ReplyContext>.fromOpaque(context).takeUnretainedValue()
        // Stays on this thread: the actor's executor is the thread that calls us.
        nonisolated(unsafe) let message = reply
        pending.manager.assumeIsolated { manager in
            if sd_bus_message_is_method_error(message, nil) > 0, let error = sd_bus_message_get_error(message) {
                let name = error.pointee.name.map { String(cString: $0) } ?? "unknown"
                let text = error.pointee.message.map { String(cString: $0) } ?? ""
                // libsystemd answers `NoReply` for us when the connection ends.
                let isLost = manager.bus.map { sd_bus_is_open($0) <= 0 } ?? true
                manager.finishReply(pending.key, .failure(isLost ? .lost(text) : .refused(name: name, message: text)))
            } else {
                manager.finishReply(pending.key, .success(message))
            }
        }
        return 0
    }

    private func finishReply(_ key: UInt64, _ answer: Result<OpaquePointer, ReplyError>) {
        guard let wait = pendingReplies.removeValue(forKey: key) else { return }
        sd_bus_slot_unref(wait.slot)
        switch answer {
        case .success(let reply):
            if let job = wait.job, let path = Self.jobPath(reply) {
                sd_bus_message_rewind(reply, 1)
                if let ended = early.removeValue(forKey: path) {
                    job.settle(.success(ended.result))
                } else {
                    jobs[path] = job
                }
            }
            wait.read(reply)
        case .failure(let error): wait.fail(error)
        }
        if !early.isEmpty {
            let oldest = pendingReplies.keys.min() ?? .max
            early = early.filter { $0.value.nextReply > oldest }
        }
    }

    // MARK: The connection

    private func connected() -> Result<OpaquePointer, ConnectionLoss> {
        if let bus { return .success(bus) }
        var opened: OpaquePointer?
        var answer: CInt = -ENOENT
        var isPrivate = true
        if let socket = kind.privateSocket(environment: environment) {
            answer = corral_bus_open_private(socket, &opened)
        }
        if answer < 0 {
            isPrivate = false
            answer = kind == .user ? sd_bus_open_user(&opened) : sd_bus_open_system(&opened)
        }
        guard answer >= 0, let opened else {
            return .failure(ConnectionLoss(cause: String(cString: strerror(-answer))))
        }
        // Not the variant that waits for the bus: a bus that does not answer would stop this thread and every deadline on it.
        answer = sd_bus_match_signal_async(
            opened, nil, isPrivate ? nil : "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
            "org.freedesktop.systemd1.Manager", "JobRemoved", Self.onJobRemoved, nil,
            Unmanaged.passUnretained(thread).toOpaque())
        if answer >= 0, !isPrivate {
            // Without this the manager sends no signals to a bus; on its private socket it always does.
            var message: OpaquePointer?
            answer = Self.newCall(opened, &message, "Subscribe", [])
            if answer >= 0 { answer = sd_bus_send(opened, message, nil) }
            sd_bus_message_unref(message)
        }
        guard answer >= 0 else {
            sd_bus_close_unref(opened)
            return .failure(ConnectionLoss(cause: String(cString: strerror(-answer))))
        }
        bus = opened
        thread.bus = opened
        thread.onDisconnect = { [weak self] code in
            self?.assumeIsolated { $0.disconnect(String(cString: strerror(-code))) }
        }
        thread.onJobRemoved = { [weak self] job, result in
            self?.assumeIsolated { $0.jobRemoved(job, result) }
        }
        return .success(opened)
    }

    private func disconnect(_ cause: String) {
        guard let bus else { return }
        thread.bus = nil
        self.bus = nil
        for key in pendingReplies.keys { finishReply(key, .failure(.lost(cause))) }
        for wait in jobs.values { wait.settle(.failure(ConnectionLoss(cause: cause))) }
        jobs = [:]
        early = [:]
        sd_bus_close_unref(bus)
    }

    private static let onJobRemoved: sd_bus_message_handler_t = { message, context, _ in
        guard let context, let message else { return 0 }
        var job: UnsafePointer<CChar>?
        var unit: UnsafePointer<CChar>?
        var result: UnsafePointer<CChar>?
        guard corral_bus_read_job_removed(message, &job, &unit, &result) >= 0, let job, let result else { return 0 }
        let (path, text) = (String(cString: job), String(cString: result))
        Unmanaged<BusThread>.fromOpaque(context).takeUnretainedValue().onJobRemoved?(path, text)
        return 0
    }

    private func jobRemoved(_ path: String, _ text: String) {
        if let wait = jobs.removeValue(forKey: path) {
            wait.settle(.success(JobResult(text)))
        } else if !pendingReplies.isEmpty {
            early[path] = (JobResult(text), nextReply)
        }
    }
}

extension Duration {
    /// Microseconds, rounded down; 0 for a negative duration.
    fileprivate var wholeMicroseconds: UInt64 {
        UInt64(max(0, components.seconds)) * 1_000_000 + UInt64(max(0, components.attoseconds) / 1_000_000_000_000)
    }
}
