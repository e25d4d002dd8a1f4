/// What a look reads of the files that processes use, to find who works in a worktree.
public enum UseOfFiles: Sendable, Equatable {
    case nothing
    /// The working and the root directory.
    case directories
    /// These, and open files below these directories. Costs a call for each descriptor of the machine, so it is for a delete's look,
    /// and not for each pass.
    case openFiles(below: [String])

    /// Descriptors that are looked at of one process, and in one look. The first is far more than a program has open unless it is a
    /// server; the second takes a tenth of a second. What lies beyond is counted (I8).
    static let descriptorsOfOne = 1024
    static let descriptorsOfAll = 65_536
}
