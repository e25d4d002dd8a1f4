import SessionIndex

/// Proof that nothing lives where a row or a unit says that something does.
///
/// Made only from a look that found the cgroup unpopulated or absent, or from a row of another boot (I3).
public struct Absence: Sendable, Equatable {
    /// What proves it.
    public enum Sign: Sendable, Equatable {
        /// `populated 0`.
        case unpopulated
        /// There is no such cgroup below an ancestor that is there.
        case removed
        /// No process outlives a boot.
        case otherBoot
    }

    /// What proves it.
    public let sign: Sign

    /// Takes down what was seen; nil unless nothing was there.
    init?(_ presence: Presence) {
        switch presence {
        case .empty: sign = .unpopulated
        case .absent: sign = .removed
        case .populated, .unknown: return nil
        }
    }

    /// Takes down that a row is of another boot; nil when it is of this one.
    init?(bootID: String, now: String) {
        guard bootID != now else { return nil }
        sign = .otherBoot
    }
}

extension Absence: CustomStringConvertible {
    /// In words.
    public var description: String {
        switch sign {
        case .unpopulated: "its cgroup is not populated"
        case .removed: "it has no cgroup"
        case .otherBoot: "it was started in another boot"
        }
    }
}
