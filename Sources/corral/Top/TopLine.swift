/// One line of the view: a workspace, or a session below it. What is not known is nil.
struct TopLine: Sendable, Equatable {
    /// What the line is about.
    enum Subject: Sendable, Hashable {
        case workspace(String)
        case session(String, workspace: String)

        /// The workspace's or session's id.
        var id: String {
            switch self {
            case .workspace(let id), .session(let id, _): id
            }
        }
    }

    var subject: Subject
    var name: String
    /// A word: the state of the workspace, the status of the session, or `frozen`.
    var state: String
    var isFrozen: Bool { state == "frozen" }
    /// Per cent of one processor since the look before.
    var cpu: Double?
    /// Bytes.
    var memory: Int64?
    var tasks: Int64?
    /// Per cent of the last ten seconds in which something of it waited: for a processor, for memory, for a disk.
    var cpuWait: Double?
    var memoryWait: Double?
    var ioWait: Double?
    /// Where something of it listens, for instance `3000 5173`.
    var ports: String?
    /// Seconds since somebody or something used its terminal, or one of them.
    var idle: Int?
    /// Whether the lines below it are shown; nil for a session.
    var isUnfolded: Bool?
}
