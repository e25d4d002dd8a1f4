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
        let text = readToEnd(output)
        let trouble = readToEnd(errors)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "sh: \(script): status \(process.terminationStatus): \(trouble)\(text)")
        }
        return text
    }

    /// Starts a command in the background and leaves its process id in a file.
    ///
    /// It keeps none of our descriptors: Foundation takes a child for running as long as anybody holds the one that it gave it.
    public static func launch(_ command: String, pidFile: String) throws {
        try run(
            """
            bash -c 'for fd in /proc/self/fd/*; do fd=${fd##*/}; if ((fd > 2)); then eval "exec $fd>&-"; fi; done; exec "$@"' \
              bash \(command) </dev/null >/dev/null 2>&1 &
            echo $! > '\(pidFile)'
            """)
    }

    /// Foundation's own read ends the process when a signal interrupts it, as the one of a test that exits does.
    private static func readToEnd(_ pipe: Pipe) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(pipe.fileHandleForReading.fileDescriptor, &chunk, chunk.count)
            if count > 0 { bytes += chunk[0..<count] } else if count == 0 || errno != EINTR { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
