/// Limits of a workspace or a session. What is `null` is not limited there.
public struct LimitsDocument: Codable, Sendable, Equatable {
    /// Bytes that its processes may use; beyond them the kernel ends one of them.
    @ExplicitNull public var memoryMax: Int64?
    /// Bytes beyond which its processes are slowed down.
    @ExplicitNull public var memoryHigh: Int64?
    /// Per cent of one processor: 200 are two whole ones.
    @ExplicitNull public var cpuQuota: Double?
    /// 1 to 10,000; everybody has 100 unless told otherwise.
    @ExplicitNull public var cpuWeight: Int64?
    /// Processes and threads that may exist at the same time.
    @ExplicitNull public var tasksMax: Int64?
    /// 1 to 10,000; everybody has 100 unless told otherwise.
    @ExplicitNull public var ioWeight: Int64?

    /// Makes a document from its parts.
    public init(
        memoryMax: Int64? = nil, memoryHigh: Int64? = nil, cpuQuota: Double? = nil, cpuWeight: Int64? = nil,
        tasksMax: Int64? = nil, ioWeight: Int64? = nil
    ) {
        self.memoryMax = memoryMax
        self.memoryHigh = memoryHigh
        self.cpuQuota = cpuQuota
        self.cpuWeight = cpuWeight
        self.tasksMax = tasksMax
        self.ioWeight = ioWeight
    }
}

/// A limit as people write it: `"4G"`, `"200%"`, `512`, `"infinity"`. A number is taken as its text.
public struct LimitValue: Codable, Sendable, Equatable {
    /// What was written.
    public var text: String

    /// Takes what was written.
    public init(_ text: String) { self.text = text }

    /// Reads a text or a number.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            text = try container.decode(String.self)
        } catch {
            let number = try container.decode(Double.self)
            text = Int64(exactly: number).map { "\($0)" } ?? "\(number)"
        }
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// Limits that are to be set, or lifted by `infinity` (a weight by `default`). What is absent stays as it is; of something new it is
/// what the host gives to everything new.
public struct LimitsRequest: Codable, Sendable, Equatable {
    /// Bytes, with `K`, `M`, `G` or `T`.
    public var memoryMax: LimitValue?
    /// Bytes, with `K`, `M`, `G` or `T`.
    public var memoryHigh: LimitValue?
    /// Per cent of one processor, with or without `%`.
    public var cpuQuota: LimitValue?
    /// 1 to 10,000.
    public var cpuWeight: LimitValue?
    /// A count.
    public var tasksMax: LimitValue?
    /// 1 to 10,000.
    public var ioWeight: LimitValue?

    /// Makes a request from its parts.
    public init(
        memoryMax: LimitValue? = nil, memoryHigh: LimitValue? = nil, cpuQuota: LimitValue? = nil,
        cpuWeight: LimitValue? = nil, tasksMax: LimitValue? = nil, ioWeight: LimitValue? = nil
    ) {
        self.memoryMax = memoryMax
        self.memoryHigh = memoryHigh
        self.cpuQuota = cpuQuota
        self.cpuWeight = cpuWeight
        self.tasksMax = tasksMax
        self.ioWeight = ioWeight
    }
}
