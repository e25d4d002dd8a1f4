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

    func run() async throws {
        let client = try host.places.localClient("doctor")
        var document = try examine()
        document.checks += await HostChecks(client).all()
        try Console.print(document, asJSON: host.json) { DoctorReport.text(document, .standardOutput) }
        if document.checks.contains(where: { $0.verdict == .failure }) { throw ExitCode(1) }
    }

    /// The service's program looks by itself: it is what will run, with its own libraries, also where none runs yet.
    private func examine() throws -> DoctorDocument {
        let program = try HostUnit.executable()
        let result = try ChildProcess.run(program, ["--examine", "--log-level", "error"], capturing: true)
        do {
            return try WireCoding.decode(DoctorDocument.self, from: result.output)
        } catch {
            throw CommandFailure.failed(
                "\(program) --examine ended with status \(result.status) and said nothing that corral understands: \(error)"
            )
        }
    }
}
