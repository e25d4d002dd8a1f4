import CgroupPty
import Glibc

/// One file of the configuration, in systemd's syntax: `[Section]`, `Key=Value`, and lines that begin with `#` or `;`.
///
/// Our own reader and none of a library, since a refusal must name the line: swift-configuration keeps no lines and ignores keys that
/// nobody asks for, TOMLKit keeps them for errors of syntax only, and both take more code to be strict with than this one has.
/// What systemd forgives is refused here: a key that is not known, a text that is no line of a configuration, a line that goes on.
///
/// See: systemd.syntax(7)
struct ConfigurationFile {
    /// What is read of a file at most. The longest that makes sense is a hundredth of it.
    private static let sizeLimit = 1 << 20

    /// Its settings, in their order.
    private(set) var assignments: [ConfigurationAssignment] = []
    /// What is wrong with it, a line each.
    private(set) var problems: [String] = []

    /// Reads a file; nil where there is none. A link to what is not there is not none: somebody has meant something with it.
    init?(path: String) {
        do throws(SystemCallFailure) {
            // Not to wait for a writer, where somebody has put a FIFO there.
            let file = try OwnedFileDescriptor.open(path: path, flags: O_RDONLY | O_NONBLOCK)
            read(try file.readToEnd(name: path, limit: Self.sizeLimit), path)
        } catch {
            var status = stat()
            guard error.errno == ENOENT else {
                problems = ["\(path): \(error)"]
                return
            }
            guard lstat(path, &status) == 0 else { return nil }
            problems = ["\(path): a link to what is not there"]
        }
    }

    /// Reads a file's content.
    init(bytes: [UInt8], path: String) { read(bytes, path) }

    private mutating func read(_ bytes: [UInt8], _ path: String) {
        var section: ConfigurationKey.Section?
        // What stands below a section that is not known is not judged: one finding is enough.
        var isKnown = true
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in lines.enumerated() {
            func refuse(_ why: String) { problems.append("\(path):\(index + 1): \(why)") }
            guard let raw = String(validating: bytes, as: UTF8.self), !raw.unicodeScalars.contains("\0") else {
                refuse("this is no text in UTF-8")
                continue
            }
            let line = Self.trimmed(raw[...])
            guard let first = line.first, first != "#", first != ";" else { continue }
            if line.last == "\\" {
                refuse("it ends in a backslash; each value is wanted on a line of its own")
            } else if first == "[" {
                section = line.last == "]" ? .init(rawValue: String(line.dropFirst().dropLast())) : nil
                isKnown = section != nil
                if !isKnown { refuse("\(line.prefix(64)) is not known; \(ConfigurationKey.Section.list) are") }
            } else if let sign = line.firstIndex(of: "=") {
                guard isKnown else { continue }
                let name = Self.trimmed(line[..<sign])
                let value = Self.trimmed(line[line.index(after: sign)...])
                switch ConfigurationKey.find(String(name), in: section) {
                case .success(let key):
                    assignments.append(.init(key: key, value: String(value), origin: .file(path, line: index + 1)))
                case .failure(let refusal): refuse("\(refusal)")
                }
            } else {
                refuse("\"\(line.prefix(64))\" is neither [Section] nor Key=Value")
            }
        }
    }

    /// Without what systemd takes for space at the ends; a carriage return is some.
    private static func trimmed(_ text: Substring) -> Substring {
        func isSpace(_ character: Character) -> Bool {
            character == " " || character == "\t" || character == "\r"
        }
        let head = text.drop(while: isSpace)
        guard let last = head.lastIndex(where: { !isSpace($0) }) else { return "" }
        return head[...last]
    }
}
