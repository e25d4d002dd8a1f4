import ArgumentParser
import HostClient
import HostProtocol

/// `corral doctor`
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check all that Corral's promise rests on, and say how to mend it.",
        discussion: """
            Looks at the kernel, your systemd manager, the directories and, if it runs, the host. Changes nothing.

            Example:
              corral doctor

            Exit status: 0 nothing is in the way (there may be warnings), 1 something is.
            """
    )

    @OptionGroup var host: HostOptions

    /// What the examination may take: it waits for nothing longer than half of it.
    private static let patience = Duration.seconds(45)

    func run() async throws {
        let client = try findHost()
        var checks = examine()
        if let client {
            checks += await HostChecks(client, others: checks).all()
        } else {
            checks.append(
                .init(
                    "host", .warning, "was not asked: nothing says where its socket is", from: "this environment",
                    mend: "First what is said of `runtime-directory`."))
        }
        let document = DoctorDocument(checks: checks)
        try Console.print(document, asJSON: host.json) { DoctorReport.text(document, .standardOutput) }
        if checks.contains(where: { $0.verdict == .failure }) { throw ExitCode(1) }
    }

    /// The host that is meant; nil when nothing says where its socket is.
    private func findHost() throws -> HostClient? {
        do { return try host.places.localClient("doctor") } catch is SocketPath.Failure { return nil }
    }

    /// The service's program looks by itself: it is what will run, with its own libraries, also where none runs yet.
    private func examine() -> [DoctorDocument.Check] {
        func failure(_ found: String, from source: String) -> [DoctorDocument.Check] {
            [
                .init(
                    "examination", .failure, found, from: source,
                    mend:
                        "corral-host and corral must be of one installation, and its program be able to run: corral-host --version"
                )
            ]
        }
        let program: String
        let result: ChildProcess.Result
        do throws(CommandFailure) {
            program = try HostUnit.executable()
            result = try ChildProcess.run(
                program, ["--examine", "--log-level", "error"], capturing: true, patience: Self.patience)
        } catch {
            return failure("\(error)", from: "corral-host")
        }
        do {
            return try WireCoding.decode(DoctorDocument.self, from: result.output).checks
        } catch {
            return failure(
                result.status == CommandStatus.timedOut.rawValue
                    ? "no answer in \(Self.patience.components.seconds) s: a directory or a file that it looks at may be on a dead disk"
                    : "it ended with status \(result.status) and said nothing that corral understands: \(error)",
                from: "\(program) --examine")
        }
    }
}
