import CgroupPty
import FoundationEssentials
import HostProtocol
import Logging
import SessionIndex

/// Something that has happened to this host's workspaces and sessions, told once: ``HostContext/tell(_:)`` makes the journal's line
/// of it and the clients' event.
///
/// What only an operator needs (a file that could not be read) goes to the logger and is no event.
struct HostEvent: Sendable {
    /// The event, which gets its id when it is told.
    var document: EventDocument
    /// How loud the journal's line is; `debug` is not written usually.
    var level: Logger.Level
    /// The unit or cgroup in question, for `CORRAL_SCOPE`.
    var scope: String?
    /// The entry of the catalog that explains it.
    var catalog: JournalMessage?

    /// Makes an event. What only its kind has is added to the document.
    init(
        _ kind: EventDocument.Kind, _ level: Logger.Level, _ message: String, workspace: WorkspaceID? = nil,
        session: SessionID? = nil, scope: String? = nil, catalog: JournalMessage? = nil
    ) {
        document = EventDocument(
            kind, message, workspace: workspace?.rawValue, session: session?.rawValue, at: Timestamp(.now))
        self.level = level
        self.scope = scope
        self.catalog = catalog
    }

    /// The host serves, and begins its work.
    static func hostStarted(_ context: HostContext) -> HostEvent {
        HostEvent(
            .hostStarted, .notice, "Ready: instance \(context.instance), socket \(context.configuration.socketPath).")
    }

    /// The journal's fields.
    func metadata(_ instance: InstanceID) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["instance": "\(instance)"]
        metadata["workspace"] = document.workspace.map { "\($0)" }
        metadata["session"] = document.session.map { "\($0)" }
        metadata["scope"] = scope.map { "\($0)" }
        metadata["event"] = "\(document.kind.rawValue)"
        // A cgroup that is no unit of ours has no entries of its own; whose it was has.
        let slice = document.workspace.flatMap { WorkspaceID($0) }.map { SliceName.workspace(instance, $0).unit }
        let unit = scope.flatMap { ScopeName(unit: $0) == nil ? nil : $0 } ?? slice
        metadata[Logger.Metadata.unitKey] = unit.map { "\($0)" }
        metadata["outcome"] = document.outcome.map { "\($0)" }
        metadata["message_id"] = catalog.map { "\($0.rawValue)" }
        return metadata
    }
}

extension HostContext {
    /// Tells that something has happened: to the journal, and to all who follow the events.
    func tell(_ event: HostEvent) {
        logger.log(level: event.level, "\(event.document.message)", metadata: event.metadata(instance))
        do {
            try events.publish(event.document)
        } catch {
            logger.error("Event \(event.document.kind.rawValue) cannot be written: \(error)")
        }
    }
}
