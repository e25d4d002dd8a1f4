import HostProtocol
import NIOCore

/// What the HTTP interface asks of the host: one function for each verb, in wire types.
///
/// The interface below knows nothing of scopes or rows, and the host knows nothing of HTTP; ``APIError`` alone maps the
/// failures thrown here to status codes.
protocol HostOperations: Sendable {
    func status() async throws -> StatusDocument

    /// Trusts the scripts below a directory, with exactly the content that they have now.
    func trustRepository(_ request: TrustRequest) async throws -> TrustDocument

    /// Creates or adopts. With a known `id` and the same parameters the answer is the object that is there.
    func createWorkspace(_ request: CreateWorkspaceRequest) async throws -> Creation<WorkspaceDocument>
    /// Workspaces in the order of their creation; those that are being deleted only with `all`.
    func workspaces(all: Bool) async throws -> [WorkspaceDocument]
    func workspace(_ id: String) async throws -> WorkspaceDocument
    /// Changes what the request names.
    func changeWorkspace(_ id: String, _ request: ChangeRequest) async throws -> WorkspaceDocument
    /// Freezes all that runs in a workspace. One that is frozen already stays so.
    func freezeWorkspace(_ id: String) async throws -> WorkspaceDocument
    /// Lets all that runs in a workspace go on.
    func thawWorkspace(_ id: String) async throws -> WorkspaceDocument
    /// Starts or joins the delete and waits for it, at most for the options' timeout. Its state says whether it is done.
    ///
    /// The caller's going away does not stop the delete (I7).
    func deleteWorkspace(_ id: String, _ options: DeleteWorkspaceOptions) async throws -> ReceiptDocument

    func createSession(
        in workspace: String, _ request: CreateSessionRequest
    ) async throws -> Creation<SessionDocument>
    func sessions(workspace: String?) async throws -> [SessionDocument]
    func session(_ id: String) async throws -> SessionDocument
    /// Changes what a session is limited to.
    func changeSession(_ id: String, _ request: ChangeRequest) async throws -> SessionDocument
    /// Ends a session and says what the kernel said of it. Only `confirmed` means that it is over.
    func killSession(_ id: String, force: Bool) async throws -> SessionEndDocument
    /// Freezes all that runs in a session. One that is frozen already stays so.
    func freezeSession(_ id: String) async throws -> SessionDocument
    /// Lets all that runs in a session go on.
    func thawSession(_ id: String) async throws -> SessionDocument
    func sendInput(_ input: TerminalInput, to id: String) async throws
    func resizeSession(_ id: String, to size: TerminalSize) async throws
    /// What the ring holds from `from` on, or all that it holds.
    func output(of id: String, from: UInt64?) async throws -> OutputSlice
    /// What a terminal shows, with at most so many lines that have scrolled off.
    func screen(of id: String, historyLines: Int, withCells: Bool) async throws -> ScreenDocument
    /// Waits until something has happened in a session, at most for the request's timeout. Ends with the caller's task.
    func wait(for request: WaitRequest, in id: String) async throws -> WaitDocument
    /// Attaches a client. The caller must end the attachment with ``Attachment/detach()``.
    func attach(to id: String, from: UInt64?, epoch: String?, window: ClientWindow?) async throws -> any Attachment

    /// What waits at ports in workspaces now.
    func ports(workspace: String?) async throws -> PortListDocument
    /// Ends the processes at a port. Only `closed` means that nobody waits there any more.
    func closePort(_ selection: PortSelection) async throws -> PortEndDocument

    /// Receipts, the newest first.
    func receipts(workspace: String?) async throws -> [ReceiptDocument]
    func receipt(_ id: String) async throws -> ReceiptDocument

    /// What happens, from a position on or from now on. The caller must close it.
    func events(since position: EventPosition?, follow: Bool) async throws -> any BodyStream
    /// What the kernel has counted of one workspace or of all.
    func stats(workspace: String?) async throws -> StatsDocument
    /// The few figures that a look every second shows, with the sessions of `sessionsOf`, or of all workspaces when it is nil.
    func load(workspace: String?, sessionsOf: [String]?) async throws -> LoadDocument
    /// How much of the disk a workspace's directory takes. Ends with the caller's task.
    func diskUsage(of id: String, within limit: Duration) async throws -> DiskDocument

    /// Makes one pass after those that are under way. `unclaimed` also ends scopes that no row explains.
    func reap(dryRun: Bool, unclaimed: Bool) async throws -> PassDocument
    func reaper() async throws -> ReaperDocument
}

/// Bytes of a session's output and where they stand in it.
struct OutputSlice: Sendable {
    /// Names the run of the sequence numbers.
    var epoch: String
    /// Sequence number of the first byte here. Greater than was asked for when the ring has dropped older bytes.
    var from: UInt64
    /// Raw terminal output.
    var bytes: [UInt8]
}

/// One attached client's two directions.
protocol Attachment: Sendable {
    /// What comes next for the client, at most so many bytes of output.
    /// - Parameter wake: Called once, from any thread, when there is something again. Only when this answers nil.
    func next(atMost limit: Int, orTell wake: @escaping @Sendable () -> Void) -> AttachmentEvent?
    /// Whether the session is over, and only the rest of its output is still to be taken.
    var isEnding: Bool { get }
    /// Writes to the terminal. Suspends while the terminal does not take more.
    func send(_ bytes: [UInt8]) async throws
    /// Writes to the terminal if it takes the bytes without a wait.
    /// - Returns: False when they must go by ``send(_:)``; nothing was written then.
    func sendAtOnce(_ bytes: [UInt8]) -> Bool
    func resize(to size: TerminalSize) async throws
    /// Leaves out what the client has not taken, and gives it a picture.
    func repaint()
    func detach() async
}

/// The window of a client that attaches.
struct ClientWindow: Sendable, Equatable {
    var size: TerminalSize
    /// For how long its user has not typed; nothing for one who comes now.
    var idle: Duration
}

/// What goes to an attached client.
enum AttachmentEvent: Sendable {
    /// A text frame.
    case message(AttachMessage)
    /// A binary frame.
    case bytes(ByteBuffer)
    /// The client fell too far behind: close with 1013 (try again later).
    case cut
    /// Nothing more will come: the session's end was told, or the attachment was ended.
    case over
}
