/// What a session, a workspace or an instance takes, in few numbers: for who looks every second. ``FiguresDocument`` has the rest. What is
/// `null` could not be had; ``UsageDocument/unavailable`` or `reason` says why.
///
/// It is flat, for a host with hundreds of sessions would otherwise be busy with writing it.
public struct LoadFigures: UsageFigures {
    public static let documentName = "Load"

    /// Processor time since the beginning, in microseconds.
    @ExplicitNull public var cpuUsec: Int64?
    /// Bytes of memory, with the page cache that it has filled.
    @ExplicitNull public var memory: Int64?
    /// Processes and threads.
    @ExplicitNull public var tasks: Int64?
    /// Per cent of the last ten seconds in which something waited for a processor.
    @ExplicitNull public var cpuWait: Double?
    /// The same, for memory.
    @ExplicitNull public var memoryWait: Double?
    /// The same, for a disk.
    @ExplicitNull public var ioWait: Double?
    @ExplicitNull public var frozen: Bool?
    /// Why nothing of it could be read; null where something could.
    @ExplicitNull public var reason: String?

    /// Makes a document without any figure.
    public init(reason: String?) { self.reason = reason }
}
