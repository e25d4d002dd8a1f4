import HostProtocol

/// The common shape of `workspace delete`, `session kill` and their like: a verb on several things at once, each reported for itself,
/// the failure of one no hindrance to the others.
struct VerbBatch {
    /// What became of one argument.
    struct Outcome: Sendable {
        /// The line of JSON.
        var json: @Sendable () throws -> Void
        /// The report for people.
        var text: String
        /// What it means for the exit status.
        var status: CommandStatus
    }

    /// At a time. More would only wait in the host: a stop is bound by the kernel and by systemd.
    private static let width = 8

    /// Does it to them all.
    /// - Parameters:
    ///   - isEnding: Whether it ends them; see ``FailureReport/init(_:whileEnding:)``.
    ///   - verb: Does it to one, given as the user typed it.
    /// - Throws: ``CommandStatus``, the worst, unless all is done.
    static func run(
        _ arguments: [String], asJSON: Bool, isEnding: Bool = true,
        _ verb: @escaping @Sendable (String) async throws -> Outcome
    ) async throws {
        var statuses: [CommandStatus] = []
        try await OrderedBatch.run(arguments, width: width) { argument in
            await Result { () async throws -> Outcome in try await verb(argument) }
        } report: { argument, result in
            switch result {
            case .success(let outcome):
                if asJSON { try outcome.json() } else { Console.print(outcome.text) }
                statuses.append(outcome.status)
            case .failure(let error):
                guard let report = FailureReport(error, whileEnding: isEnding) else { throw error }
                if asJSON {
                    try Console.print(json: BatchError(id: argument, error: report.problem))
                } else {
                    let subject = arguments.count == 1 ? "" : "\(argument): "
                    Console.note("corral: \(subject)\(report.text)")
                }
                statuses.append(report.status)
            }
        }
        let worst = CommandStatus.worst(of: statuses)
        if worst != .done { throw worst }
    }
}

extension Result where Failure == any Error {
    /// What an asynchronous function returned or threw.
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
