import Glibc
import TestSupport
import Testing

@testable import CgroupPty

/// What authorises a kill or a confirmation, read from bytes that were changed by chance: never more than the bytes say.
/// `CORRAL_FUZZ=SEED` runs one of them again.
@Suite struct `Input that was changed by chance` {
    @Test func `in cgroup.events is empty only where a line says populated 0 to the letter (I3)`() {
        var counts = (unknown: 0, empty: 0)
        for var input in MutatedInput.each(1_000) {
            let bytes = input.mutate("populated \(input.seed % 2)\nfrozen 0\n", "populated 01\n frozen")
            guard let events = CgroupDirectory.Events(bytes) else {
                counts.unknown += 1
                continue
            }
            let lines = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
            let exact = Array("populated \(events.isPopulated ? 1 : 0)".utf8)
            #expect(lines.contains(exact), "seed \(input.seed): \(String(decoding: bytes, as: UTF8.self))")
            if !events.isPopulated { counts.empty += 1 }
        }
        #expect(counts.unknown + counts.empty > 0, "\(counts)")
    }

    @Test func `in cgroup.procs names no process that is not a line there`() {
        var numbers = 0
        for var input in MutatedInput.each(1_000) {
            let bytes = input.mutate("1\n4711\n2147483647\n0\n815\n", "0123456789-+ \n")
            let lines = Set(bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) })
            let found = bytes.withUnsafeBytes { CgroupDirectory.processes(listedIn: $0) }
            numbers += found.count
            for process in found {
                #expect(
                    process.rawValue > 0 && lines.contains("\(process)"),
                    "seed \(input.seed): \(process) of \(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(numbers > 0)
    }

    @Test func `in a process's stat line gives what a plain reading of it gives`() {
        var readable = 0
        for var input in MutatedInput.each(1_000) {
            let bytes = input.mutate(
                "4711 (a) b) S 4242 4711 4710 34817 4711 4194560 1 0 0 0 1 2 0 0 20 0 1 0 987654 8646656 901\n",
                "0123456789 ()-\nSZ")
            guard let stat = ProcessStat(bytes) else { continue }
            readable += 1
            let plain = Self.plainReading(bytes)
            #expect(
                plain?.pid == Int(stat.pid.rawValue) && plain?.start == stat.startTicks
                    && plain?.session == stat.session,
                "seed \(input.seed): \(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(readable > 0)
    }

    /// Number, session and start, as proc_pid_stat(5) says where they stand.
    private static func plainReading(_ bytes: [UInt8]) -> (pid: Int, session: Int32, start: UInt64)? {
        guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")),
            open > 0, let pid = Int(String(decoding: bytes[..<(open - 1)], as: UTF8.self))
        else { return nil }
        let fields = bytes[(close + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count > 20, let session = Int32(fields[3]), let start = UInt64(fields[19]) else { return nil }
        return (pid, session, start)
    }

    @Test func `in a unit's name is ours only when it is that very name`() {
        var accepted = 0
        for var input in MutatedInput.each(1_000) {
            let bytes = input.mutate("corral-1f2e3d4c-wk4m2-s9x1.scope", "coral-0189af.scopeslice")
            let unit = String(decoding: bytes, as: UTF8.self)
            if let scope = ScopeName(unit: unit) {
                accepted += 1
                #expect(Array(scope.unit.utf8) == bytes, "seed \(input.seed): \(unit)")
            }
            let slice = unit.replacing(".scope", with: ".slice")
            if let name = SliceName(unit: slice) {
                #expect(Array(name.unit.utf8) == Array(slice.utf8), "seed \(input.seed): \(unit)")
            }
        }
        #expect(accepted > 0)
    }

    @Test func `in a process's cgroup names no place that is not written there`() {
        var places = 0
        for var input in MutatedInput.each(1_000) {
            let bytes = input.mutate(
                "1:name=systemd:/x\n0::/user.slice/corral.slice/a.scope\n", "01:/.\n (deleted)")
            guard case .path(let path) = ProcessCgroup(bytes) else { continue }
            places += 1
            let line = Array("0::\(path.components.isEmpty ? "/" : path.description)".utf8)
            let lines = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
            // A name may hold what is no text: then the comparison is of what was made of it.
            let texts = lines.map { String(decoding: $0, as: UTF8.self) }
            #expect(
                texts.contains {
                    Array($0.utf8).starts(with: line.prefix(3)) && path.components.allSatisfy($0.contains)
                },
                "seed \(input.seed): \(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(places > 0)
    }

    @Test func `in a process's environment gives the value of the first entry of that name`() {
        var values = 0
        for var input in MutatedInput.each(1_000) {
            let bytes = input.mutate(
                "HOME=/x\0XCORRAL_SESSION=y\0CORRAL_INSTANCE=1f2e3d4c\0CORRAL_SESSION=s9x1\0", "CORRAL_SESSION=\0s9")
            let entries = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            let first = entries.first { $0.utf8.starts(with: "CORRAL_SESSION=".utf8) }
            let value = ProcessEnvironment(bytes)["CORRAL_SESSION"]
            if value != nil { values += 1 }
            #expect(value.map { "CORRAL_SESSION=\($0)" } == first, "seed \(input.seed)")
        }
        #expect(values > 0)
    }

    @Test func `in a ring's memory is refused, or stays within the ring's bounds`() throws {
        let session = try #require(SessionID("s9x1"))
        let headerLength = MemoryLayout<UInt64>.size * 4 + 40 + 8 * 4 + 16 + 8 * 4 + 4 * 2
        var counts = (refused: 0, adopted: 0)
        for var input in MutatedInput.each(200) {
            let capacity = Int.random(in: 1...9000, using: &input)
            let ring = try OutputRing.make(session: session, capacity: capacity)
            ring.append((0..<Int.random(in: 0...20_000, using: &input)).map { UInt8(truncatingIfNeeded: $0) })
            ring.setCheckpoint(
                OutputRing.Checkpoint(sequence: ring.end / 2, size: .standard, bytes: Array("screen".utf8)))
            guard let memory = try ring.releaseMemory() else {
                throw SystemCallFailure(call: "", subject: "", errno: 0)
            }
            memory.withRawValue { raw in
                for _ in 0..<Int.random(in: 1...4, using: &input) {
                    // What never changes is under a checksum: mostly what lies behind it is damaged.
                    let from = Int.random(in: 0..<8, using: &input) == 0 ? 0 : 80
                    let place = Int.random(in: from..<headerLength, using: &input)
                    var byte = UInt8.random(in: 0...255, using: &input)
                    #expect(pwrite(raw, &byte, 1, off_t(place)) == 1)
                }
            }
            do {
                let again = try OutputRing.adopt(memory, session: session)
                counts.adopted += 1
                let text = "seed \(input.seed)"
                #expect(again.capacity == capacity && again.epoch == ring.epoch, "\(text)")
                #expect(again.start <= again.end && again.end - again.start <= UInt64(capacity), "\(text)")
                for from in [0, again.start, again.end, UInt64.max, UInt64.random(in: 0...UInt64.max, using: &input)] {
                    let kept = again.slice(from: from)
                    #expect(kept.from + UInt64(kept.bytes.count) == again.end, "\(text) from \(from)")
                }
                if let checkpoint = again.checkpoint {
                    #expect(checkpoint.bytes == Array("screen".utf8) && checkpoint.sequence <= again.end, "\(text)")
                }
                again.append([1, 2, 3])
                #expect(again.slice(from: again.end - 1).bytes == [3], "\(text)")
            } catch {
                counts.refused += 1
            }
        }
        #expect(counts.refused + counts.adopted > 0)
    }
}
