import CgroupPty
import HostProtocol
import Logging

extension HostEvent {
    /// Processes that are told of a port: a server may have a thousand workers.
    private static let holderLimit = 10

    /// A port that no look had seen before.
    static func portOpened(_ port: PortDocument) -> HostEvent { HostEvent(.portOpened, port, "is open") }

    /// A port at which nobody of its workspace waits any more.
    static func portClosed(_ port: PortDocument) -> HostEvent { HostEvent(.portClosed, port, "is closed") }

    private init(_ kind: EventDocument.Kind, _ port: PortDocument, _ what: String) {
        let holder = port.processes.first.map { ", process \($0.pid) (\($0.command))" } ?? ""
        self.init(
            kind, .debug,
            "Port \(port.port)/\(port.protocol.rawValue) at \(port.address) of workspace \(port.workspace) \(what)\(holder).",
            workspace: WorkspaceID(port.workspace), session: port.session.flatMap { SessionID($0) })
        document.port = port
        document.port?.processes = Array(port.processes.prefix(Self.holderLimit))
    }
}
