import ArgumentParser
import Glibc

/// The entry: parses, runs the verb, and turns whatever it throws into text on stderr and an exit status.
///
/// This is the only place that ends the process on purpose; a verb throws an ``CommandStatus`` when all has been said.
@main
enum Main {
    static func main() async {
        Console.occupyStandardDescriptors()
        do {
            var command = try Corral.parseAsRoot()
            if var verb = command as? any AsyncParsableCommand {
                try await verb.run()
            } else {
                try command.run()
            }
        } catch let status as CommandStatus {
            exit(status.rawValue)
        } catch {
            guard let report = FailureReport(error) else {
                // Help, a usage error (64), or an error that is the parser's to describe.
                Corral.exit(withError: error)
            }
            Console.note("corral: \(report.text)")
            exit(report.status.rawValue)
        }
    }
}
