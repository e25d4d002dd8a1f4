/// What the kernel has counted of a session, a workspace or an instance. What is `null` could not be had, and is never 0 for that:
/// ``UsageDocument/unavailable`` or the `reason` beside it says why.
public struct FiguresDocument: UsageFigures {
    public static let documentName = "Stats"

    /// Processor time since the beginning.
    public struct CPU: Codable, Sendable, Equatable {
        public var usageUsec: Int64
        public var userUsec: Int64
        public var systemUsec: Int64
        /// Time that it would have run, and its quota did not let it. Null where no quota can be.
        @ExplicitNull public var throttledUsec: Int64?

        /// Makes a document from its parts.
        public init(usageUsec: Int64, userUsec: Int64, systemUsec: Int64, throttledUsec: Int64?) {
            self.usageUsec = usageUsec
            self.userUsec = userUsec
            self.systemUsec = systemUsec
            self.throttledUsec = throttledUsec
        }
    }

    /// Bytes of memory, with the page cache that it has filled.
    public struct Memory: Codable, Sendable, Equatable {
        public var current: Int64
        /// The most that it ever was. From Linux 5.19 on.
        @ExplicitNull public var peak: Int64?
        /// In swap. Null where there is no accounting of swap.
        @ExplicitNull public var swap: Int64?
        /// Processes that the kernel has ended since there was no memory.
        @ExplicitNull public var oomKills: Int64?

        /// Makes a document from its parts.
        public init(current: Int64, peak: Int64?, swap: Int64?, oomKills: Int64?) {
            self.current = current
            self.peak = peak
            self.swap = swap
            self.oomKills = oomKills
        }
    }

    /// Processes and threads.
    public struct Tasks: Codable, Sendable, Equatable {
        public var current: Int64
        /// How often a fork was refused because of the limit.
        @ExplicitNull public var refused: Int64?

        /// Makes a document from its parts.
        public init(current: Int64, refused: Int64?) {
            self.current = current
            self.refused = refused
        }
    }

    /// What went to and came from the disks, over all of them.
    public struct IO: Codable, Sendable, Equatable {
        public var readBytes: Int64
        public var writtenBytes: Int64
        public var reads: Int64
        public var writes: Int64

        /// Makes a document from its parts.
        public init(readBytes: Int64, writtenBytes: Int64, reads: Int64, writes: Int64) {
            self.readBytes = readBytes
            self.writtenBytes = writtenBytes
            self.reads = reads
            self.writes = writes
        }
    }

    /// How much time was lost in waiting for something.
    public struct Pressure: Codable, Sendable, Equatable {
        /// Time in which some tasks waited, or all of them: per cent of the last seconds, and microseconds since the beginning.
        public struct Stall: Codable, Sendable, Equatable {
            public var avg10: Double
            public var avg60: Double
            public var avg300: Double
            public var totalUsec: Int64

            /// Makes a document from its parts.
            public init(avg10: Double, avg60: Double, avg300: Double, totalUsec: Int64) {
                self.avg10 = avg10
                self.avg60 = avg60
                self.avg300 = avg300
                self.totalUsec = totalUsec
            }
        }

        public var some: Stall
        /// From Linux 5.13 on also of processors.
        @ExplicitNull public var full: Stall?

        /// Makes a document from its parts.
        public init(some: Stall, full: Stall?) {
            self.some = some
            self.full = full
        }
    }

    @ExplicitNull public var cpu: CPU?
    @ExplicitNull public var memory: Memory?
    @ExplicitNull public var tasks: Tasks?
    @ExplicitNull public var io: IO?
    @ExplicitNull public var cpuPressure: Pressure?
    @ExplicitNull public var memoryPressure: Pressure?
    @ExplicitNull public var ioPressure: Pressure?
    /// Processes.
    @ExplicitNull public var members: Int?
    @ExplicitNull public var frozen: Bool?
    /// How long it was frozen altogether. From Linux 6.18 on.
    @ExplicitNull public var frozenUsec: Int64?
    /// Why nothing of it could be read; null where something could.
    @ExplicitNull public var reason: String?

    /// Makes a document without any figure.
    public init(reason: String?) { self.reason = reason }
}
