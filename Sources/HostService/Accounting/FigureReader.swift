import CgroupPty
import Glibc
import HostProtocol

/// Reads what the kernel has counted of cgroups, one after the other, and remembers why what it could not read was not there.
struct FigureReader: Sendable {
    /// Figures that were missing where the cgroup was there, each with the reason.
    private(set) var unavailable: [String: String] = [:]
    private let ground: CgroupGround
    /// Why a cgroup lacks a controller.
    private let absences: [ResourceLimit.Controller: String]
    private var file = CgroupFileReader()
    private var memberCounts: [CgroupPath: Int] = [:]

    /// Makes a reader.
    init(ground: CgroupGround, manager: ManagerKind) {
        self.ground = ground
        absences = Self.absences(ground, Delegation(manager))
    }

    /// Takes over what another reader has learnt.
    mutating func add(_ other: FigureReader) {
        unavailable.merge(other.unavailable) { own, _ in own }
        memberCounts.merge(other.memberCounts) { own, _ in own }
    }

    private static func absences(
        _ ground: CgroupGround, _ delegation: Delegation
    ) -> [ResourceLimit.Controller: String] {
        // What the manager itself has, and a cgroup has not, is switched on by nobody there.
        let controllers: Set<ResourceLimit.Controller>
        do throws(SystemCallFailure) {
            controllers = try ground.manager.controllers() ?? []
        } catch {
            // Then the advice is what is left to say.
            controllers = []
        }
        let all = ResourceLimit.Controller.allCases.map { controller in
            let why = controller == .cpu ? ": no quota and no weight is set" : ""
            return (
                controller,
                controllers.contains(controller)
                    ? "the \(controller.rawValue) controller is not switched on there\(why)"
                    : delegation.advice([controller])
            )
        }
        return Dictionary(uniqueKeysWithValues: all)
    }

    private func absence(of controller: ResourceLimit.Controller) -> String { absences[controller] ?? "" }

    /// Reads all figures of the cgroup at a path below the manager's own.
    mutating func figures(at path: CgroupPath) -> FiguresDocument {
        read(path) { reader, cgroup in
            var figures = FiguresDocument(reason: nil)
            guard reader.isPopulated(cgroup, &figures.frozen) else { return nil }
            figures.cpu = reader.cpu(cgroup)
            figures.memory = reader.memory(cgroup)
            figures.tasks = reader.tasks(cgroup)
            figures.cpuPressure = reader.pressure("cpu.pressure", "cpu_pressure", cgroup)
            figures.memoryPressure = reader.pressure("memory.pressure", "memory_pressure", cgroup)
            figures.ioPressure = reader.pressure("io.pressure", "io_pressure", cgroup)
            figures.io = reader.io(cgroup)
            figures.members = reader.members(cgroup)
            figures.frozenUsec = reader.number(
                "frozen_usec", in: "cgroup.stat.local", of: cgroup, "frozen_usec",
                orElse: "the kernel counts it from Linux 6.18 on")
            return figures
        }
    }

    /// Reads what a look every second shows: a third of the files.
    mutating func load(at path: CgroupPath) -> LoadFigures {
        read(path) { reader, cgroup in
            var figures = LoadFigures(reason: nil)
            guard reader.isPopulated(cgroup, &figures.frozen) else { return nil }
            figures.cpuUsec = reader.number(
                "usage_usec", in: "cpu.stat", of: cgroup, "cpu", orElse: "the kernel has no such file")
            figures.memory = reader.number(
                nil, in: "memory.current", of: cgroup, "memory", orElse: reader.absence(of: .memory))
            figures.tasks = reader.number(
                nil, in: "pids.current", of: cgroup, "tasks", orElse: reader.absence(of: .pids))
            figures.cpuWait = reader.wait("cpu.pressure", "cpu_wait", cgroup)
            figures.memoryWait = reader.wait("memory.pressure", "memory_wait", cgroup)
            figures.ioWait = reader.wait("io.pressure", "io_wait", cgroup)
            return figures
        }
    }

    /// Reads a cgroup, if something runs in it. One that is removed meanwhile has no figures, and that is not the reason for a single one.
    private mutating func read<Figures: UsageFigures>(
        _ path: CgroupPath, _ body: (inout FigureReader, CgroupDirectory) -> Figures?
    ) -> Figures {
        let cgroup: CgroupDirectory
        switch ground.look(path) {
        case .found(let found): cgroup = found
        case .absent: return Figures(reason: "nothing runs in it")
        case .unknown(let reason): return Figures(reason: reason)
        }
        let unavailable = unavailable
        if let figures = body(&self, cgroup),
            self.unavailable.count == unavailable.count || file.read("cgroup.events", of: cgroup) != .absent
        {
            return figures
        }
        self.unavailable = unavailable
        return Figures(reason: "nothing runs in it")
    }

    /// Whether something runs in it: the slice of a workspace in which nothing does can have left an empty cgroup behind.
    private mutating func isPopulated(_ cgroup: CgroupDirectory, _ frozen: inout Bool?) -> Bool {
        guard has("cgroup.events", "frozen", of: cgroup) else { return true }
        frozen = file.number("frozen").map { $0 == 1 }
        return file.number("populated") != 0
    }

    private mutating func cpu(_ cgroup: CgroupDirectory) -> FiguresDocument.CPU? {
        guard has("cpu.stat", "cpu", of: cgroup) else { return nil }
        guard let usage = file.number("usage_usec"), let user = file.number("user_usec"),
            let system = file.number("system_usec")
        else { return miss("cpu", "cpu.stat has another form") }
        let throttled = file.number("throttled_usec") ?? miss("cpu.throttled_usec", absence(of: .cpu))
        return FiguresDocument.CPU(
            usageUsec: Int64(clamping: usage), userUsec: Int64(clamping: user), systemUsec: Int64(clamping: system),
            throttledUsec: throttled.map { Int64(clamping: $0) })
    }

    private mutating func memory(_ cgroup: CgroupDirectory) -> FiguresDocument.Memory? {
        guard has("memory.current", "memory", of: cgroup, orElse: .memory), let current = file.number else {
            return nil
        }
        return FiguresDocument.Memory(
            current: Int64(clamping: current),
            peak: number(
                nil, in: "memory.peak", of: cgroup, "memory.peak", orElse: "the kernel counts it from Linux 5.19 on"),
            swap: number(
                nil, in: "memory.swap.current", of: cgroup, "memory.swap",
                orElse: "the kernel does not account for swap"),
            oomKills: number(
                "oom_kill", in: "memory.events", of: cgroup, "memory.oom_kills",
                orElse: "the kernel does not count them"))
    }

    private mutating func tasks(_ cgroup: CgroupDirectory) -> FiguresDocument.Tasks? {
        guard has("pids.current", "tasks", of: cgroup, orElse: .pids), let current = file.number else { return nil }
        return FiguresDocument.Tasks(
            current: Int64(clamping: current),
            refused: number(
                "max", in: "pids.events", of: cgroup, "tasks.refused", orElse: "the kernel does not count it"))
    }

    private mutating func io(_ cgroup: CgroupDirectory) -> FiguresDocument.IO? {
        guard has("io.stat", "io", of: cgroup, orElse: .io) else { return nil }
        return FiguresDocument.IO(
            readBytes: Int64(clamping: file.sum("rbytes")), writtenBytes: Int64(clamping: file.sum("wbytes")),
            reads: Int64(clamping: file.sum("rios")), writes: Int64(clamping: file.sum("wios")))
    }

    private mutating func pressure(
        _ name: StaticString, _ figure: String, _ cgroup: CgroupDirectory
    ) -> FiguresDocument.Pressure? {
        guard has(name, figure, of: cgroup, orElse: Self.noPressure),
            let some = file.pressure("some")
        else { return nil }
        return FiguresDocument.Pressure(some: stall(some), full: file.pressure("full").map { stall($0) })
    }

    /// Per cent of the last ten seconds in which something waited.
    private mutating func wait(_ name: StaticString, _ figure: String, _ cgroup: CgroupDirectory) -> Double? {
        guard has(name, figure, of: cgroup, orElse: Self.noPressure) else { return nil }
        return file.pressure("some")?.avg10
    }

    private static let noPressure = "the kernel does not keep pressure (boot with psi=1)"

    private func stall(
        _ values: (avg10: Double, avg60: Double, avg300: Double, total: UInt64)
    ) -> FiguresDocument.Pressure.Stall {
        FiguresDocument.Pressure.Stall(
            avg10: values.avg10, avg60: values.avg60, avg300: values.avg300, totalUsec: Int64(clamping: values.total))
    }

    /// Processes in it and below it. What was read before is not counted again, so who reads a scope before its slice walks once.
    private mutating func members(_ cgroup: CgroupDirectory) -> Int? {
        do throws(SystemCallFailure) {
            let count = try file.memberCount(of: cgroup, known: memberCounts)
            memberCounts[cgroup.path] = count
            return count
        } catch {
            return miss("members", "\(error)")
        }
    }

    /// One number of a file, under its key or alone.
    private mutating func number(
        _ key: StaticString?, in name: StaticString, of cgroup: CgroupDirectory, _ figure: String, orElse reason: String
    ) -> Int64? {
        guard has(name, figure, of: cgroup, orElse: reason) else { return nil }
        let value = if let key { file.number(key) } else { file.number }
        guard let value else { return miss(figure, reason) }
        return Int64(clamping: value)
    }

    private mutating func has(
        _ name: StaticString, _ figure: String, of cgroup: CgroupDirectory, orElse controller: ResourceLimit.Controller
    ) -> Bool {
        let reason = absence(of: controller)
        return has(name, figure, of: cgroup, orElse: reason)
    }

    /// Reads a file; where it is not there, remembers why.
    private mutating func has(
        _ name: StaticString, _ figure: String, of cgroup: CgroupDirectory,
        orElse reason: @autoclosure () -> String = "the kernel has no such file"
    ) -> Bool {
        switch file.read(name, of: cgroup) {
        case .read: return true
        case .absent: if unavailable[figure] == nil { unavailable[figure] = reason() }
        // Pressure that is switched off is refused and not absent.
        case .refused(EOPNOTSUPP): if unavailable[figure] == nil { unavailable[figure] = reason() }
        case .refused(let code): unavailable[figure] = "read \(name): \(String(cString: strerror(code)))"
        }
        return false
    }

    private mutating func miss<Value>(_ figure: String, _ reason: String) -> Value? {
        if unavailable[figure] == nil { unavailable[figure] = reason }
        return nil
    }
}
