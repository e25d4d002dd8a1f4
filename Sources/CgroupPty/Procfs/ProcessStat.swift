/// What `/proc/PID/stat` says of a process.
///
/// The command's name stands in parentheses and may hold anything, also `) R 1 (`, spaces and newlines: the fields begin
/// after the last `)` of the line.
/// See: proc_pid_stat(5)
public struct ProcessStat: Sendable, Equatable {
    /// The number.
    public let pid: ProcessID
    /// At most 15 bytes, as the process chose them.
    public let command: String
    /// `R`, `S`, `D`, `T`, `t`, `Z`, `X`, `I`.
    public let state: Character
    /// The parent's number, 0 for the first process of a namespace.
    public let parent: Int32
    /// The session leader's number.
    public let session: Int32
    /// Device number of the controlling terminal, 0 for none.
    public let terminalDevice: UInt64
    /// Kernel flags; `PF_KTHREAD` is 0x00200000.
    public let flags: UInt64
    /// Its threads; the main one counts until the whole process is reaped.
    public let threads: Int32
    /// Clock ticks from boot to the start.
    public let startTicks: UInt64

    /// Number and start, by which the process can be recognised.
    public var identity: ProcessIdentity { ProcessIdentity(pid: pid, startTicks: startTicks) }

    /// Whether it has exited already and only waits for being reaped.
    public var hasEnded: Bool { (state == "Z" && threads <= 1) || state == "X" }

    /// Whether its main thread alone has exited (`pthread_exit` in `main`). The process lives in its other threads, and procfs shows
    /// nothing of what it has under its own number.
    public var hasLostMainThread: Bool { state == "Z" && threads > 1 }

    /// Whether the process is a thread of the kernel.
    public var isKernelThread: Bool { flags & 0x0020_0000 != 0 }

    /// Reads the file's bytes; nil when they are not in the form of proc_pid_stat(5).
    public init?(_ bytes: [UInt8]) {
        guard let stat = bytes.withUnsafeBytes({ ProcessStat($0) }) else { return nil }
        self = stat
    }

    /// The same, of bytes that are not kept. By bytes, and no further than the start: this runs for each process of the machine.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")),
            open < close, open > 0, bytes[open - 1] == UInt8(ascii: " "),
            let pid = ProcessID(digits: bytes[..<(open - 1)])
        else { return nil }
        var fields = Fields(rest: bytes[(close + 1)...])
        guard let state = fields.next(), state.count == 1, let letter = state.first, letter < 0x80,
            let parent: Int32 = fields.number(), fields.next() != nil,
            let session: Int32 = fields.number(), let terminal: Int64 = fields.number(), fields.next() != nil,
            let flags: UInt64 = fields.number()
        else { return nil }
        for _ in 10...19 where fields.next() == nil { return nil }
        guard let threads: Int32 = fields.number(), fields.next() != nil else { return nil }
        // One more than is read: the last field of a line that was cut off may be short of digits.
        guard let start: UInt64 = fields.number(), fields.next() != nil else { return nil }
        self.pid = pid
        command = String(decoding: bytes[(open + 1)..<close], as: UTF8.self)
        self.state = Character(UnicodeScalar(letter))
        self.parent = parent
        self.session = session
        terminalDevice = UInt64(truncatingIfNeeded: terminal) & 0xffff_ffff
        self.flags = flags
        self.threads = threads
        startTicks = start
    }

    /// The fields of a line, one after another.
    private struct Fields {
        var rest: Slice<UnsafeRawBufferPointer>

        /// Nil at the end of the line.
        mutating func next() -> Slice<UnsafeRawBufferPointer>? {
            func isBetween(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") }
            guard let begin = rest.firstIndex(where: { !isBetween($0) }) else { return nil }
            let end = rest[begin...].firstIndex(where: isBetween) ?? rest.endIndex
            defer { rest = rest[end...] }
            return rest[begin..<end]
        }

        /// Nil when the next field is missing, or no number that fits.
        mutating func number<Number: FixedWidthInteger>() -> Number? {
            guard let digits = next() else { return nil }
            let isNegative = digits.first == UInt8(ascii: "-")
            guard Number.isSigned || !isNegative,
                let value: Number = DecimalDigits.number(digits.dropFirst(isNegative ? 1 : 0))
            else { return nil }
            return isNegative ? 0 - value : value
        }
    }
}
