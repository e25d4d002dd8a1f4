import Glibc

@testable import CgroupPty

/// A directory that looks like `/proc`.
final class FakeProcfs {
    let procfs: Procfs
    private let scratch: Scratch
    private var pids: [Int] = []
    private var descriptors: [Int: Int] = [:]
    private var living: [Int: Int] = [:]

    init() throws {
        scratch = try Scratch()
        procfs = Procfs(root: scratch.path)
    }

    deinit {
        for pid in pids {
            for name in ["stat", "cgroup", "environ", "cwd", "root"] { unlink("\(scratch.path)/\(pid)/\(name)") }
            for number in 0..<(descriptors[pid] ?? 0) { unlink("\(scratch.path)/\(pid)/fd/\(number)") }
            rmdir("\(scratch.path)/\(pid)/fd")
            for number in [pid] + [living[pid]].compactMap(\.self) { rmdir("\(scratch.path)/\(pid)/task/\(number)") }
            rmdir("\(scratch.path)/\(pid)/task")
            rmdir("\(scratch.path)/\(pid)")
        }
    }

    /// Adds a process. Nil: the file is missing, as for a process that has just gone.
    func add(
        _ pid: Int, command: String = "x", state: String = "S", parent: Int = 1, terminal: Int = 0, flags: Int = 0,
        start: Int = 7, threads: Int = 1, cgroup: String? = "0::/x.scope\n", environment: [String]? = [],
        directory: String = "/",
        open files: [String] = [], thread: Int? = nil, garbled: Bool = false
    ) throws {
        pids.append(pid)
        mkdir("\(scratch.path)/\(pid)", 0o755)
        let zeros = String(repeating: "0 ", count: 10)
        let stat =
            "\(pid) (\(command)) \(state) \(parent) \(pid) \(pid) \(terminal) -1 \(flags) \(zeros)\(threads) 0 \(start) 0\n"
        try scratch.write(garbled ? "garbled" : stat, to: "\(pid)/stat")
        if let cgroup { try scratch.write(cgroup, to: "\(pid)/cgroup") }
        if let environment { try scratch.write(environment.map { $0 + "\0" }.joined(), to: "\(pid)/environ") }
        symlink(directory, "\(scratch.path)/\(pid)/cwd")
        symlink("/", "\(scratch.path)/\(pid)/root")
        if !files.isEmpty { mkdir("\(scratch.path)/\(pid)/fd", 0o755) }
        for (number, file) in files.enumerated() { symlink(file, "\(scratch.path)/\(pid)/fd/\(number)") }
        descriptors[pid] = files.count
        if let thread {
            mkdir("\(scratch.path)/\(pid)/task", 0o755)
            for number in [pid, thread] { mkdir("\(scratch.path)/\(pid)/task/\(number)", 0o755) }
            living[pid] = thread
        }
    }
}
