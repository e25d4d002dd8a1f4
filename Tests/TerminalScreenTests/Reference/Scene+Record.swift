import Foundation
import TestSupport

extension Scene {
    /// Runs the program in a directory of the test's own, and returns what it writes to a terminal.
    func record(in directory: TemporaryDirectory) throws -> [UInt8] {
        let recorder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/record-program"
        let steps = try JSONSerialization.data(withJSONObject: steps.map { [$0.expected, $0.keys] })
        let command = try command(in: directory)
        defer { end(in: directory) }
        try Shell.run(
            "exec \"$RECORDER\" output \(Self.columns) \(Self.rows) 60 \"$STEPS\" \(command)", in: directory.path,
            environment: ["RECORDER": recorder, "STEPS": String(decoding: steps, as: UTF8.self)])
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory.path + "/output")))
    }
}
