public import FoundationEssentials

/// One step of a delete, as it was recorded before it acted (I7).
public struct StepRow: Sendable, Equatable {
    /// Name of the step.
    public var step: String
    /// When it was recorded, to the millisecond.
    public var at: Date

    /// Makes a row. `at` is rounded to the millisecond.
    public init(step: String, at: Date) {
        self.step = step
        self.at = StoredDate.rounded(at)
    }
}
