/// The number of a process. It identifies nothing by itself: numbers are used again.
///
/// To be shown, and to open a ``Pidfd`` with. Nothing in Corral signals by this number (I1).
public struct ProcessID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number as the kernel writes it.
    public let rawValue: Int32

    /// Wraps a number.
    public init(_ rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Reads a number as the kernel writes it; nil for anything but a positive decimal number.
    public init?(_ text: some StringProtocol) { self.init(digits: text.utf8) }

    /// Reads a number as the kernel writes it; nil for anything but a positive decimal number.
    init?(digits: some Collection<UInt8>) {
        guard digits.first != UInt8(ascii: "0"), let value: Int32 = DecimalDigits.number(digits) else { return nil }
        rawValue = value
    }

    /// Orders by number.
    public static func < (left: ProcessID, right: ProcessID) -> Bool { left.rawValue < right.rawValue }

    /// The number.
    public var description: String { "\(rawValue)" }
}

/// A process as it can be recognised again in this boot: its number and the clock tick of its start.
///
/// See: proc_pid_stat(5), field 22
public struct ProcessIdentity: Sendable, Hashable, CustomStringConvertible {
    /// The number.
    public let pid: ProcessID
    /// Clock ticks from boot to the start of the process.
    public let startTicks: UInt64

    /// Names a process.
    public init(pid: ProcessID, startTicks: UInt64) {
        self.pid = pid
        self.startTicks = startTicks
    }

    /// `pid@ticks`.
    public var description: String { "\(pid)@\(startTicks)" }
}
