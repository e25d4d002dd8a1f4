import CgroupPty
import Glibc

/// All processes of the machine, as one walk through procfs saw them. Blocking.
///
/// Left out are threads of the kernel and processes that have exited and only wait for being reaped.
struct ProcessCensus: Sendable, Equatable {
    /// What was seen.
    let processes: [ProcessDescription]
    /// Processes of which not even the first line could be read.
    let illegible: Int

    /// Walks through procfs.
    /// - Parameter withUse: reads the working and the root directory too.
    /// - Returns: unknown when procfs could not be listed, or the deadline passed on the way.
    static func take(_ procfs: Procfs, withUse: Bool, until deadline: Deadline) -> Reading<ProcessCensus> {
        do throws(SystemCallFailure) {
            let kin = procfs.ancestors(of: ProcessID(getpid()))
            var processes: [ProcessDescription] = []
            var illegible = 0
            for pid in try procfs.processes() {
                if deadline.hasPassed { return .unknown(GroundReader.late) }
                switch describe(pid, procfs, kin: kin, withUse: withUse) {
                case .known(.none): break
                case .known(.some(let process)): processes.append(process)
                case .unknown: illegible += 1
                }
            }
            return .known(ProcessCensus(processes: processes, illegible: illegible))
        } catch {
            return .unknown("\(error)")
        }
    }

    /// Looks at one process; nil when it is gone, has exited, or is the kernel's.
    static func describe(_ pid: ProcessID, _ procfs: Procfs, withUse: Bool) -> Reading<ProcessDescription?> {
        describe(pid, procfs, kin: procfs.ancestors(of: ProcessID(getpid())), withUse: withUse)
    }

    private static func describe(
        _ pid: ProcessID, _ procfs: Procfs, kin: Set<ProcessID>, withUse: Bool
    ) -> Reading<ProcessDescription?> {
        do throws(SystemCallFailure) {
            guard let stat = try procfs.stat(pid), !stat.isKernelThread, !stat.hasEnded,
                let owner = try procfs.userID(pid)
            else { return .known(nil) }
            let user = geteuid()
            let isSomebodyElses = user != 0 && owner != user
            guard let cgroup = cgroup(pid, procfs) else { return .known(nil) }
            guard let tag = isSomebodyElses ? .unknown("it belongs to user \(owner)") : tag(pid, procfs) else {
                return .known(nil)
            }
            let readsUse = withUse && !isSomebodyElses
            return .known(
                ProcessDescription(
                    identity: stat.identity, command: stat.command, isKin: kin.contains(pid),
                    isSomebodyElses: isSomebodyElses, cgroup: cgroup, terminalDevice: stat.terminalDevice,
                    posixSession: stat.session, tag: tag,
                    directory: readsUse ? link("\(procfs.root)/\(pid)/cwd") : nil,
                    root: readsUse ? link("\(procfs.root)/\(pid)/root") : nil))
        } catch {
            return .unknown("\(error)")
        }
    }

    /// Nil when the process is gone.
    private static func cgroup(_ pid: ProcessID, _ procfs: Procfs) -> Reading<ProcessCgroup>? {
        do throws(SystemCallFailure) {
            return try procfs.cgroup(pid).map { .known($0) }
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

    /// See: proc_pid_cwd(5), readlink(2)
    private static func link(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[0..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
