/// Where the leader of a session is whose scope holds nothing.
public enum LeaderPlace: Sendable, Equatable {
    /// It has exited, or its number belongs to somebody else by now.
    case exited
    /// It lives, in this cgroup. The session lives with it (I2).
    case elsewhere(String)
    /// It could not be read, and why.
    case unknown(String)
}
