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
    /// Clock ticks from boot to the start.
    public let startTicks: UInt64

    /// Number and start, by which the process can be recognised.
    public var identity: ProcessIdentity { ProcessIdentity(pid: pid, startTicks: startTicks) }

    /// Whether the process is a thread of the kernel.
    public var isKernelThread: Bool { flags & 0x0020_0000 != 0 }

    /// Reads the file's bytes; nil when they are not in the form of proc_pid_stat(5).
    public init?(_ bytes: [UInt8]) {
        guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")),
            open < close, open > 0, bytes[open - 1] == UInt8(ascii: " "),
            let pid = ProcessID(String(decoding: bytes[..<(open - 1)], as: UTF8.self))
        else { return nil }
        // By bytes, and no further than the start: this runs for each process of the machine.
        let fields = bytes[(close + 1)...].split(maxSplits: 20) {
            $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n")
        }
        func number<Number: FixedWidthInteger>(_ field: Int) -> Number? {
            Number(String(decoding: fields[field], as: UTF8.self))
        }
        // One more than is read: the last field of a line that was cut off may be short of digits.
        guard fields.count > 20, fields[0].count == 1, fields[0][fields[0].startIndex] < 0x80,
            let parent: Int32 = number(1), let session: Int32 = number(3), let terminal: Int64 = number(4),
            let flags: UInt64 = number(6), let start: UInt64 = number(19)
        else { return nil }
        self.pid = pid
        command = String(decoding: bytes[(open + 1)..<close], as: UTF8.self)
        state = Character(UnicodeScalar(fields[0][fields[0].startIndex]))
        self.parent = parent
        self.session = session
        terminalDevice = UInt64(truncatingIfNeeded: terminal) & 0xffff_ffff
        self.flags = flags
        startTicks = start
    }
}
