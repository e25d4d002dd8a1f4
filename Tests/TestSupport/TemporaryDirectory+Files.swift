import Foundation

extension TemporaryDirectory {
    /// Makes a directory with files in it.
    /// - Parameter files: texts by their paths below the directory; those of the directories between are made, too.
    public convenience init(files: [String: String]) throws {
        try self.init()
        for (name, text) in files {
            let file = URL(fileURLWithPath: path + "/" + name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: false, encoding: .utf8)
        }
    }
}
