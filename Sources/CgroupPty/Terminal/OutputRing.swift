internal import CSystemd
import Glibc

/// The last bytes of a session's output, with the place of each in all that was ever written, in memory that outlives the service.
///
/// A sequence number counts bytes since the session began and never goes back; a random epoch names the run of the numbers. The
/// memory is a memfd: its pages are taken only as output comes, and whoever holds a descriptor of it holds the output. A service
/// that is killed at any instruction leaves a ring that its successor continues without a byte missing or repeated: the header
/// says which read was under way, and the place that it was to fill says whether it has happened. A ring that cannot be trusted
/// (another layout, another session, a checksum or bounds that do not fit) is refused.
///
/// Not synchronised: one thread at a time uses it.
/// See: memfd_create(2); `Sources/CSystemd/ring.c` for the order of the stores
public final class OutputRing {
    /// 2 MiB: some 20,000 lines of a build. See ``capacity(wanted:taken:)`` for what a host with many sessions gives.
    public static let standardCapacity = 2 << 20
    /// 64 KiB: a few screens. What every session gets, however many there are.
    public static let smallestCapacity = 64 << 10
    /// Room for what ``setCheckpoint(_:)`` keeps: a screen of 1000×1000 plain cells does not fit; 120×32 with a thousand plain lines above
    /// it takes a third.
    public static let checkpointCapacity = 256 << 10

    /// What all rings together may take beyond the smallest of 3,500 sessions: with them 1 GiB. The screens beside the rings count as
    /// taken, so that new rings are smaller for them, but no session is refused for them: 256 KiB each at most, of sessions that
    /// have printed more than half a ring.
    private static let pool = (1 << 30) - 3500 * smallestCapacity

    /// What a new session's ring may take: what is wanted, while an eighth of what is left of the pool is more.
    /// - Parameter taken: the capacities of all rings that are held.
    public static func capacity(wanted: Int, taken: Int) -> Int {
        min(max(wanted, smallestCapacity), max(smallestCapacity, max(0, pool - taken) / 8 / pageSize * pageSize))
    }

    /// Why a memory file is no ring of ours.
    public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        public let description: String

        /// Makes a refusal from its reason.
        public init(description: String) { self.description = description }
    }

    /// What a read from a terminal came to.
    public enum ReadOutcome: Sendable, Equatable {
        case read(Int)
        /// The terminal has nothing for us now.
        case nothing
        /// No process holds the terminal's slave any more, and its last byte was read.
        case hungUp
    }

    /// The screen as it was when a byte came, as bytes that draw it.
    public struct Checkpoint: Sendable, Equatable {
        /// Sequence number of the first byte that is not in it.
        public var sequence: UInt64
        /// The size that it was drawn for.
        public var size: WindowSize
        /// What a terminal is to be fed.
        public var bytes: [UInt8]

        /// Makes a checkpoint from its parts.
        public init(sequence: UInt64, size: WindowSize, bytes: [UInt8]) {
            self.sequence = sequence
            self.size = size
            self.bytes = bytes
        }
    }

    /// Names the run of the sequence numbers.
    public let epoch: UInt64
    /// Bytes kept at most.
    public let capacity: Int
    private var memory: MemoryFile?
    private let mapping: UnsafeMutableRawPointer
    private let length: Int

    /// The owner of the descriptor, which goes before the mapping does.
    private final class MemoryFile {
        let descriptor: OwnedFileDescriptor
        init(_ descriptor: consuming OwnedFileDescriptor) { self.descriptor = descriptor }
    }

    private static let pageSize = 4096

    private var header: UnsafeMutablePointer<corral_ring_header> {
        mapping.assumingMemoryBound(to: corral_ring_header.self)
    }
    private var checkpointPlace: UnsafeMutableRawPointer { mapping + Self.pageSize }
    private var data: UnsafeMutablePointer<UInt8> {
        (mapping + Self.pageSize + Self.checkpointCapacity).assumingMemoryBound(to: UInt8.self)
    }

    private init(memory: consuming OwnedFileDescriptor, mapping: UnsafeMutableRawPointer, length: Int) {
        self.memory = MemoryFile(memory)
        self.mapping = mapping
        self.length = length
        let header = mapping.assumingMemoryBound(to: corral_ring_header.self)
        epoch = header.pointee.epoch
        capacity = Int(header.pointee.capacity)
    }

    deinit { munmap(mapping, length) }

    /// Makes an empty ring.
    /// - Throws: ``SystemCallFailure`` from `memfd_create` or `mmap`: out of descriptors or of memory.
    public static func make(
        session: SessionID, capacity: Int = standardCapacity
    ) throws(SystemCallFailure) -> OutputRing {
        precondition(capacity > 0, "a ring keeps something")
        let length = pageSize + checkpointCapacity + capacity
        let raw = corral_ring_create("corral-\(session)", length)
        guard raw >= 0 else {
            throw SystemCallFailure(call: "memfd_create", subject: "ring of \(session)", errno: -raw)
        }
        let memory = OwnedFileDescriptor(adopting: raw)
        let mapping = try map(memory, length, "ring of \(session)")
        let header = mapping.assumingMemoryBound(to: corral_ring_header.self)
        header.pointee.magic = magic
        header.pointee.epoch = UInt64.random(in: 1...UInt64.max)
        header.pointee.capacity = UInt64(capacity)
        header.pointee.checkpoint_capacity = UInt64(checkpointCapacity)
        withUnsafeMutableBytes(of: &header.pointee.session) { $0.copyBytes(from: session.rawValue.utf8) }
        header.pointee.checksum = checksum(of: header)
        withUnsafeMutableBytes(of: &header.pointee.mark) { mark in
            for index in mark.indices { mark[index] = UInt8.random(in: 0...255) }
            // The likeliest read is of one byte, and this one is never a part of text in UTF-8.
            mark[0] = 0xff
        }
        return OutputRing(memory: memory, mapping: mapping, length: length)
    }

    /// Continues a ring that an earlier service has left.
    /// - Throws: ``Refusal`` when it is none, or another session's; ``SystemCallFailure`` as a refusal too.
    public static func adopt(
        _ memory: consuming OwnedFileDescriptor, session: SessionID
    ) throws(Refusal) -> OutputRing {
        let smallest = pageSize + checkpointCapacity
        let size = memory.withRawValue { corral_ring_size($0) }
        guard size > Int64(smallest), size < Int64(1 << 30) else {
            throw Refusal(description: "its memory is no sealed memory file of a size that we make (\(size))")
        }
        let length = Int(size)
        let mapping: UnsafeMutableRawPointer
        do {
            mapping = try map(memory, length, "ring of \(session)")
        } catch {
            throw Refusal(description: "\(error)")
        }
        let header = mapping.assumingMemoryBound(to: corral_ring_header.self)
        if let reason = fault(in: header, length, session) {
            munmap(mapping, length)
            throw Refusal(description: reason)
        }
        let ring = OutputRing(memory: memory, mapping: mapping, length: length)
        corral_ring_settle(header, ring.data)
        return ring
    }

    private static func fault(
        in header: UnsafeMutablePointer<corral_ring_header>, _ length: Int, _ session: SessionID
    ) -> String? {
        let found = header.pointee
        guard found.magic == magic else { return "its header is not of this layout" }
        guard found.checksum == checksum(of: header) else { return "its header is damaged" }
        let name = withUnsafeBytes(of: found.session) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        guard name == session.rawValue else { return "it is the ring of \(name)" }
        guard found.capacity > 0, found.checkpoint_capacity == UInt64(checkpointCapacity),
            UInt64(length) == UInt64(pageSize + checkpointCapacity) + found.capacity
        else { return "its size does not fit its header" }
        // A read never goes over the ring's edge, and what is left of one is looked for in its place.
        guard found.intended >= found.end, found.intended - found.end <= UInt64(pageSize),
            found.intended - found.end <= found.capacity - found.end % found.capacity, found.floor <= found.end,
            found.end <= UInt64.max / 2
        else { return "its sequence numbers are out of bounds (\(found.end), \(found.intended))" }
        return nil
    }

    /// "crring1", little-endian: the layout's version is its last byte.
    private static let magic: UInt64 = 0x31_676e_6972_7263

    private static func checksum(of header: UnsafeMutablePointer<corral_ring_header>) -> UInt64 {
        corral_ring_checksum(header, MemoryLayout<corral_ring_header>.offset(of: \.checksum) ?? 0)
    }

    private static func map(
        _ memory: borrowing OwnedFileDescriptor, _ length: Int, _ subject: String
    ) throws(SystemCallFailure) -> UnsafeMutableRawPointer {
        let mapping = memory.withRawValue { mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, $0, 0) }
        guard let mapping, mapping != MAP_FAILED else {
            throw SystemCallFailure(call: "mmap", subject: subject, errno: errno)
        }
        return mapping
    }

    /// Sequence number of the next byte that will be written.
    public var end: UInt64 { header.pointee.end }

    /// Sequence number of the oldest byte that is kept.
    public var start: UInt64 {
        let end = header.pointee.end
        return min(max(end > UInt64(capacity) ? end - UInt64(capacity) : 0, header.pointee.floor), end)
    }

    /// Moves what a terminal's master has into the ring, at most once, and drops the oldest where there is no room.
    /// - Parameter probing: Whether the terminal is asked although it seems to have nothing: only so its end is found.
    /// - Throws: ``SystemCallFailure`` other than for a terminal that is hung up.
    public func read(from terminal: PseudoTerminal, probing: Bool = true) throws(SystemCallFailure) -> ReadOutcome {
        let answer = terminal.master.withRawValue { corral_ring_read(header, data, $0, probing ? 1 : 0) }
        if answer > 0 { return .read(answer) }
        switch -answer {
        case 0: return .nothing
        // See: pty(7). A master whose last slave was closed answers EIO.
        case Int(EIO): return .hungUp
        default: throw SystemCallFailure(call: "read", subject: "terminal", errno: CInt(-answer))
        }
    }

    /// Adds output that comes from elsewhere than a terminal, dropping the oldest where there is no room.
    public func append(_ bytes: some Collection<UInt8>) {
        // What would be overwritten by the rest is not even written.
        let skipped = max(0, bytes.count - capacity)
        var next = end + UInt64(skipped)
        for byte in bytes.dropFirst(skipped) {
            data[Int(next % UInt64(capacity))] = byte
            next += 1
        }
        header.pointee.intended = next
        header.pointee.end = next
    }

    /// Lends what is kept from a sequence number on, at most so many bytes: one or two pieces in their order.
    /// - Returns: the number of the first byte lent, which is greater than `from` when older bytes are gone.
    @discardableResult
    public func withBytes(
        from: UInt64, atMost limit: Int = .max, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> UInt64 {
        let first = min(max(from, start), end)
        var count = min(Int(end - first), limit)
        var place = Int(first % UInt64(capacity))
        while count > 0 {
            let piece = min(count, capacity - place)
            body(UnsafeRawBufferPointer(start: data + place, count: piece))
            count -= piece
            place = 0
        }
        return first
    }

    /// What is kept from a sequence number on.
    /// - Returns: the number of the first byte returned, which is greater than `from` when older bytes are gone, and the bytes.
    public func slice(from: UInt64) -> (from: UInt64, bytes: [UInt8]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(end - min(max(from, start), end)))
        let first = withBytes(from: from) { bytes.append(contentsOf: $0) }
        return (first, bytes)
    }

    /// Up to which byte a screen was kept; nil when none was.
    public var checkpointSequence: UInt64? {
        header.pointee.checkpoint_length > 0 ? header.pointee.checkpoint_seq : nil
    }

    /// The screen at an earlier byte, if it was kept and is whole.
    public var checkpoint: Checkpoint? {
        let kept = header.pointee
        let length = Int(clamping: kept.checkpoint_length)
        guard length > 0, length <= Self.checkpointCapacity, kept.checkpoint_seq <= kept.end,
            let size = WindowSize(columns: Int(kept.checkpoint_columns), rows: Int(kept.checkpoint_rows)),
            corral_ring_checksum(checkpointPlace, length) == kept.checkpoint_checksum
        else { return nil }
        return Checkpoint(
            sequence: kept.checkpoint_seq, size: size,
            bytes: Array(UnsafeRawBufferPointer(start: checkpointPlace, count: length)))
    }

    /// Keeps the screen at a byte, in place of an earlier one. One that does not fit is not kept, and the earlier one stays.
    public func setCheckpoint(_ checkpoint: Checkpoint) {
        guard checkpoint.bytes.count <= Self.checkpointCapacity else { return }
        // Without a length there is none: a process that is killed in between leaves no half of one.
        header.pointee.checkpoint_length = 0
        checkpointPlace.copyMemory(from: checkpoint.bytes, byteCount: checkpoint.bytes.count)
        header.pointee.checkpoint_seq = checkpoint.sequence
        header.pointee.checkpoint_columns = UInt32(checkpoint.size.columns)
        header.pointee.checkpoint_rows = UInt32(checkpoint.size.rows)
        header.pointee.checkpoint_checksum = corral_ring_checksum(checkpointPlace, checkpoint.bytes.count)
        header.pointee.checkpoint_length = UInt64(checkpoint.bytes.count)
    }

    /// Bytes of memory that the ring takes, about.
    public var memoryInUse: Int {
        Self.pageSize + Int(clamping: header.pointee.checkpoint_length) + min(capacity, Int(clamping: end))
    }

    /// Closes the memory file: what is in the ring stays readable here, and can no longer be packed.
    public func closeMemory() { memory = nil }

    /// Gives the memory file to somebody else, and closes our own descriptor of it. See ``closeMemory()``.
    /// - Returns: nil when it was closed before.
    /// - Throws: ``SystemCallFailure`` from `fcntl`: out of descriptors; it is closed all the same.
    public func releaseMemory() throws(SystemCallFailure) -> OwnedFileDescriptor? {
        guard let memory else { return nil }
        self.memory = nil
        return try memory.descriptor.duplicate()
    }

    /// A memory file with the same contents, for a successor, where the ring's own was given up.
    /// - Throws: ``SystemCallFailure``: out of descriptors or of memory.
    public func copyMemory() throws(SystemCallFailure) -> OwnedFileDescriptor {
        let name = withUnsafeBytes(of: header.pointee.session) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let raw = corral_ring_create("corral-\(name)", length)
        guard raw >= 0 else { throw SystemCallFailure(call: "memfd_create", subject: "ring of \(name)", errno: -raw) }
        let memory = OwnedFileDescriptor(adopting: raw)
        let copy = try Self.map(memory, length, "ring of \(name)")
        defer { munmap(copy, length) }
        copy.copyMemory(from: mapping, byteCount: Self.pageSize)
        let checkpoint = min(Self.checkpointCapacity, Int(clamping: header.pointee.checkpoint_length))
        (copy + Self.pageSize).copyMemory(from: checkpointPlace, byteCount: checkpoint)
        (copy + Self.pageSize + Self.checkpointCapacity).copyMemory(from: data, byteCount: min(capacity, Int(end)))
        return memory
    }

    /// Lends the memory file, to be put into a pack.
    /// - Throws: what the body throws; `EBADF` once the file was closed.
    func withMemory<Result: ~Copyable>(
        _ body: (borrowing OwnedFileDescriptor) throws(SystemCallFailure) -> Result
    ) throws(SystemCallFailure) -> Result {
        guard let memory else { throw SystemCallFailure(call: "pack", subject: "ring", errno: EBADF) }
        return try body(memory.descriptor)
    }
}
