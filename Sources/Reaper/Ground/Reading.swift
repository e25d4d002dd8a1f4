/// A fact that was read, or the reason why it could not be.
///
/// What is unknown confirms nothing and condemns nothing (I3).
public enum Reading<Value: Sendable>: Sendable {
    case known(Value)
    /// In words, for a person.
    case unknown(String)

    /// The fact, nil when it is unknown.
    public var value: Value? {
        switch self {
        case .known(let value): value
        case .unknown: nil
        }
    }

    /// Two facts as one; unknown as soon as either is.
    func combined(with other: Reading, by combine: (Value, Value) -> Value) -> Reading {
        switch (self, other) {
        case (.known(let one), .known(let two)): .known(combine(one, two))
        case (.unknown, _): self
        case (_, .unknown): other
        }
    }
}

extension Reading: Equatable where Value: Equatable {}
