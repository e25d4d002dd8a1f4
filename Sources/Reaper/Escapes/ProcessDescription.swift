public import CgroupPty

/// One process as procfs shows it: all that is judged of it, and nothing else.
public struct ProcessDescription: Sendable, Equatable {
    /// Number and start.
    public var identity: ProcessIdentity
    /// Its command's name.
    public var command: String
    /// Whether it is the process that looks, or an ancestor of it.
    public var isKin: Bool
    /// Whether it belongs to a user whose processes we may neither read nor signal.
    public var isSomebodyElses: Bool
    /// Where it is.
    public var cgroup: Reading<ProcessCgroup>
    /// Device number of its controlling terminal, 0 for none.
    public var terminalDevice: UInt64
    /// Number of its POSIX session's leader, who may be gone; 0 for one outside our namespace.
    public var posixSession: Int32
    /// What its environment says; nil for one without our tag.
    public var tag: Reading<ProcessTag?>
    /// Its working directory; nil when nobody asked or it could not be read.
    public var directory: String?
    /// Its root directory; nil when nobody asked or it could not be read.
    public var root: String?
    /// A file that it has open in a worktree that was asked for; nil when nobody asked, or there is none that could be read.
    public var openFile: String?

    /// Describes a process.
    public init(
        identity: ProcessIdentity, command: String, isKin: Bool = false, isSomebodyElses: Bool = false,
        cgroup: Reading<ProcessCgroup>, terminalDevice: UInt64 = 0, posixSession: Int32 = 0,
        tag: Reading<ProcessTag?> = .known(nil), directory: String? = nil, root: String? = nil, openFile: String? = nil
    ) {
        self.identity = identity
        self.command = command
        self.isKin = isKin
        self.isSomebodyElses = isSomebodyElses
        self.cgroup = cgroup
        self.terminalDevice = terminalDevice
        self.posixSession = posixSession
        self.tag = tag
        self.directory = directory
        self.root = root
        self.openFile = openFile
    }

    /// Where it is, in words.
    var cgroupText: String {
        switch cgroup {
        case .known(.path(let path)): "\(path)"
        case .known(.removed): "(removed)"
        case .known(.outside): "(not visible from here)"
        case .unknown(let reason): "(\(reason))"
        }
    }
}
