import CgroupPty
import Glibc

/// All processes of the machine, as one walk through procfs saw them.
///
/// Left out are threads of the kernel and processes that have exited and only wait for being reaped.
struct ProcessCensus: Sendable, Equatable {
    /// What was seen.
    let processes: [ProcessDescription]
    /// Processes of which not even the first line could be read.
    let illegible: Int
    /// Processes with more open files than are looked at.
    let cutShort: Int

    /// Gathers what was seen.
    init(processes: [ProcessDescription], illegible: Int, cutShort: Int = 0) {
        self.processes = processes
        self.illegible = illegible
        self.cutShort = cutShort
    }

    /// Walks through procfs. Two threads do: nearly all of the time is the kernel's, which works for both at once.
    /// - Parameter use: what is read of the files that processes use.
    /// - Returns: unknown when procfs could not be listed, or the deadline passed on the way.
    static func take(
        _ procfs: Procfs, use: UseOfFiles, on executor: BlockingExecutor, until deadline: Deadline
    ) async -> Reading<ProcessCensus> {
        let listed = await executor.run(until: deadline) { () -> Reading<([ProcessID], kin: Set<ProcessID>)> in
            do throws(SystemCallFailure) {
                return .known((try procfs.processes(), procfs.ancestors(of: ProcessID(getpid()))))
            } catch {
                return .unknown("\(error)")
            }
        }
        switch listed ?? .unknown(GroundReader.late) {
        case .unknown(let reason): return .unknown(reason)
        case .known((let pids, let kin)):
            let taken = await executor.runInHalves(of: pids, until: deadline) {
                take($0, procfs, use, kin: kin, deadline)
            }
            guard let (older, newer) = taken else { return .unknown(GroundReader.late) }
            return older.combined(with: newer) { older, newer in
                ProcessCensus(
                    processes: older.processes + newer.processes, illegible: older.illegible + newer.illegible,
                    cutShort: older.cutShort + newer.cutShort)
            }
        }
    }

    /// Looks at half of the machine's processes, and of the open files that are looked at in one look.
    private static func take(
        _ pids: ArraySlice<ProcessID>, _ procfs: Procfs, _ use: UseOfFiles, kin: Set<ProcessID>, _ deadline: Deadline
    ) -> Reading<ProcessCensus> {
        var processes: [ProcessDescription] = []
        var illegible = 0
        var known = KnownCgroups()
        var descriptors = UseOfFiles.descriptorsOfAll / 2
        var cutShort = 0
        processes.reserveCapacity(pids.count)
        for pid in pids {
            if deadline.hasPassed { return .unknown(GroundReader.late) }
            switch describe(pid, procfs, &known, kin: kin, use: use) {
            case .known(.none): break
            case .known(.some(var process)):
                if case .openFiles(let places) = use, !process.isKin, !process.isSomebodyElses {
                    let isWhole = readOpenFile(of: &process, below: places, procfs, &descriptors)
                    if !isWhole { cutShort += 1 }
                }
                processes.append(process)
            case .unknown: illegible += 1
            }
        }
        return .known(ProcessCensus(processes: processes, illegible: illegible, cutShort: cutShort))
    }

    /// Looks at one process; nil when it is gone, has exited, or is the kernel's.
    static func describe(_ pid: ProcessID, _ procfs: Procfs, use: UseOfFiles) -> Reading<ProcessDescription?> {
        var known = KnownCgroups()
        return describe(
            pid, procfs, &known, kin: procfs.ancestors(of: ProcessID(getpid())), use: use)
    }

    private static func describe(
        _ pid: ProcessID, _ procfs: Procfs, _ known: inout KnownCgroups, kin: Set<ProcessID>, use: UseOfFiles
    ) -> Reading<ProcessDescription?> {
        do throws(SystemCallFailure) {
            guard let stat = try procfs.stat(pid), !stat.isKernelThread, !stat.hasEnded else { return .known(nil) }
            guard let legible = stat.hasLostMainThread ? try procfs.livingThread(of: pid) : pid else {
                // Its last threads ended meanwhile, or are no more to be seen.
                guard let stat = try procfs.stat(pid), !stat.hasEnded else { return .known(nil) }
                return .unknown("no thread of process \(pid) can be seen")
            }
            let user = geteuid()
            // Nobody's processes are somebody else's for root.
            guard let owner = user == 0 ? 0 : try procfs.userID(pid) else { return .known(nil) }
            let isSomebodyElses = owner != user
            guard let cgroup = cgroup(legible, procfs, &known) else { return .known(nil) }
            guard let tag = isSomebodyElses ? .unknown("it belongs to user \(owner)") : tag(legible, procfs) else {
                return .known(nil)
            }
            let readsUse = use != .nothing && !isSomebodyElses
            return .known(
                ProcessDescription(
                    identity: stat.identity, command: stat.command, isKin: kin.contains(pid),
                    isSomebodyElses: isSomebodyElses, cgroup: cgroup, terminalDevice: stat.terminalDevice,
                    posixSession: stat.session, tag: tag,
                    directory: readsUse ? procfs.readableLink(legible, "cwd") : nil,
                    root: readsUse ? procfs.readableLink(legible, "root") : nil))
        } catch {
            return .unknown("\(error)")
        }
    }

    /// Nil when the process is gone.
    private static func cgroup(
        _ pid: ProcessID, _ procfs: Procfs, _ known: inout KnownCgroups
    ) -> Reading<ProcessCgroup>? {
        do throws(SystemCallFailure) {
            return try procfs.cgroup(pid, &known).map { .known($0) }
        } catch {
            return .unknown("\(error)")
        }
    }

    /// Nil when the process is gone.
    private static func tag(_ pid: ProcessID, _ procfs: Procfs) -> Reading<ProcessTag?>? {
        do throws(SystemCallFailure) {
            return try procfs.environment(pid).map { .known(ProcessTag($0)) }
        } catch {
            return .unknown("\(error)")
        }
    }

    /// - Returns: whether all of its open files were looked at, until one was found.
    private static func readOpenFile(
        of process: inout ProcessDescription, below places: [String], _ procfs: Procfs, _ left: inout Int
    ) -> Bool {
        let allowed = min(left, UseOfFiles.descriptorsOfOne)
        var unused = allowed
        process.openFile = procfs.openFile(process.identity.pid, descriptors: &unused) { file in
            places.contains { file.hasPrefix($0 + "/") }
        }
        left -= allowed - unused
        return unused > 0 || process.openFile != nil
    }
}
