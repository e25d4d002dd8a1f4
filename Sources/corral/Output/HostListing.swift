import HostClient
import HostProtocol

/// A list of one host, or of several at once: each line names its host then.
///
/// A host that does not answer hides no other: it is named on stderr, and what it means for the exit status is told at the end.
struct HostListing<Document: Codable & Sendable> {
    /// What one host of several has, a line of JSON.
    struct Answer: Encodable {
        /// As it was given.
        var host: String
        /// Its list; absent when there is none.
        var list: [Document]?
        /// Why there is none.
        var error: ProblemDocument?
    }

    /// Hosts that are asked at the same time. Each through ssh is two processes.
    private let width = 8
    /// The columns.
    let headers: [String]
    /// The cells of a line.
    let row: (Document) -> [Table.Cell]
    /// Asks a host.
    let fetch: @Sendable (HostClient) async throws -> [Document]

    /// Asks the hosts that are meant, and prints what they answer.
    /// - Throws: ``CommandStatus``, the worst, when one of several did not answer.
    func run(_ options: HostOptions) async throws {
        guard let hosts = options.places.clients() else {
            let list = try await fetch(try options.client())
            return try Console.print(list, asJSON: options.json) { table(list.map { (nil, $0) }) }
        }
        var lines: [(host: String?, Document)] = []
        var statuses: [CommandStatus] = []
        let fetch = fetch
        try await OrderedBatch.run(hosts, width: width) { host in
            do { return Result<[Document], any Error>.success(try await fetch(host.client.get())) } catch {
                return .failure(error)
            }
        } report: { host, result in
            switch result {
            case .success(let list):
                if options.json { try Console.print(json: Answer(host: host.name, list: list)) }
                lines += list.map { (host.name, $0) }
            case .failure(let error):
                guard let report = FailureReport(error) else { throw error }
                if options.json {
                    try Console.print(json: Answer(host: host.name, error: report.problem))
                } else {
                    Console.note("corral: \(host.name): \(report.text)")
                }
                statuses.append(report.status)
            }
        }
        if !options.json { Console.print(table(lines, named: true)) }
        let worst = CommandStatus.worst(of: statuses)
        if worst != .done { throw worst }
    }

    /// A line each, the first column the host's name where there are several.
    func table(
        _ lines: [(host: String?, Document)], named: Bool = false, _ style: TextStyle = .standardOutput
    ) -> String {
        Table(
            (named ? ["HOST"] : []) + headers,
            rows: lines.map { host, document in (named ? [Table.Cell(host)] : []) + row(document) }
        ).text(style)
    }
}
