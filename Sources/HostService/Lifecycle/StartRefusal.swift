import Glibc
public import Logging

/// What a program of ours says when it cannot do what it was started for, and what it exits with.
public enum StartRefusal {
    /// Tells why, a line for each reason.
    /// - Parameter consequence: what therefore was not done, for the end of a line that does not say it.
    /// - Returns: the exit status.
    public static func tell(_ error: any Error, _ level: Logger.Level, consequence: String, to logger: Logger) -> Int32
    {
        guard let failure = error as? ConfigurationFailure else {
            logger.log(level: level, "\(error)", metadata: .explained(by: .startRefused))
            return 1
        }
        for problem in failure.problems {
            logger.log(
                level: level, "\(problem); \(consequence)", metadata: .explained(by: .configurationRefused))
        }
        return failure.exitStatus
    }
}
