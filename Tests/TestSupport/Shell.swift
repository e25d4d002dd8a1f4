import Foundation

/// Runs programs of the system for a test's own arrangements, and fails loudly when they do.
public enum Shell {
    /// A program that did not exit with 0.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Runs a script with `sh -eu` and returns its standard output.
    @discardableResult
    public static func run(
        _ script: String, in directory: String = "/", environment: [String: String] = [:]
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-euc", script]
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let trouble = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "sh: \(script): status \(process.terminationStatus): \(trouble)\(text)")
        }
        return text
    }
}
