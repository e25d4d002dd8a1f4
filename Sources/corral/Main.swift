import ArgumentParser
import Glibc

/// The entry: parses, runs the verb, and turns whatever it throws into text on stderr and an exit status.
///
/// This is the only place that ends the process on purpose; a verb throws an ``CommandStatus`` when all has been said.
@main
enum Main {
    static func main() async {
        Console.occupyStandardDescriptors()
        refuseOtherThanText()
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

    /// Swift would put other characters in the place of what is not UTF-8, and something else would be done than was asked for.
    private static func refuseOtherThanText() {
        for (number, argument) in UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
            .enumerated()
        {
            guard let argument, String(validatingCString: argument) == nil else { continue }
            Console.note("corral: argument \(number) is not UTF-8: \(String(cString: argument)); nothing was done")
            exit(CommandStatus.usage.rawValue)
        }
    }
}
