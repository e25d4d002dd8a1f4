/// How the process ends, for scripts.
struct CommandStatus: Error, Hashable, Sendable {
    /// What the shell sees.
    let rawValue: Int32

    /// A status that is not one of Corral's own: an attached session's.
    init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Done; of a delete or a kill: the kernel confirmed it.
    static let done = CommandStatus(rawValue: 0)
    /// None of the others.
    static let other = CommandStatus(rawValue: 1)
    /// It is not (yet) confirmed that everything has ended.
    static let notConfirmed = CommandStatus(rawValue: 3)
    /// Refused: work would be lost, a name is ambiguous, something else is in the way.
    static let conflict = CommandStatus(rawValue: 4)
    /// There is no such thing.
    static let notFound = CommandStatus(rawValue: 5)
    /// The command line cannot be understood. See: sysexits.h, EX_USAGE
    static let usage = CommandStatus(rawValue: 64)
    /// What was waited for has not happened in time. See: timeout(1)
    static let timedOut = CommandStatus(rawValue: 124)
    /// The host cannot be reached. See: sysexits.h, EX_UNAVAILABLE
    static let unreachable = CommandStatus(rawValue: 69)

    /// From the worst on. A host that cannot be reached, or a request that it cannot understand, concerns all of the
    /// arguments and comes before what concerns one.
    private static let worstFirst: [CommandStatus] = [
        .other, .unreachable, .usage, .notConfirmed, .conflict, .notFound, .done,
    ]

    /// The status of several things done in one go: the worst of theirs, `done` for none.
    static func worst(of statuses: some Sequence<CommandStatus>) -> CommandStatus {
        let seen = Set(statuses)
        return worstFirst.first(where: seen.contains) ?? .done
    }
}
