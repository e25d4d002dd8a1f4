import CgroupPty

/// Where terminals outlive the host: the descriptors that systemd keeps for the service.
///
/// Each session is one descriptor there (``SessionPack``), and so is the listening socket unless a socket unit holds it. Without a
/// store (the host in the foreground, or a unit that allows none) every call is nothing, and terminals end with the host.
///
/// See: systemd.service(5), `FileDescriptorStoreMax=`; docs/terminals.md
struct DescriptorStore: Sendable {
    /// Which service we are, as systemd calls it; nil when we are none.
    let service: String?
    /// How many descriptors are kept at most; 0 when there is no store.
    let limit: Int

    /// The name that the listening socket is stored under.
    static let socketName = "corral.sock"

    /// No store.
    static let none = DescriptorStore(service: nil, limit: 0)

    /// Asks systemd what it keeps for us.
    static func find(
        _ systemd: SystemdManager, _ environment: [String: String], _ procfs: Procfs, own: ProcessID
    )
        async throws -> DescriptorStore
    {
        guard environment["NOTIFY_SOCKET"]?.isEmpty == false, case .path(let path) = try procfs.cgroup(own),
            let service = path.components.last, service.hasSuffix(".service")
        else { return .none }
        do throws(ScopeFailure) {
            let limit = try await systemd.descriptorStoreSize(service, until: .after(.seconds(10)))
            return DescriptorStore(service: service, limit: limit ?? 0)
        } catch {
            // A service of another manager than the one that we work with.
            return .none
        }
    }

    /// Whether terminals outlive the host.
    var isAvailable: Bool { limit > 0 }

    /// How long a manager that does not read is waited for before a session goes on without being kept yet.
    private static let patience = Duration.seconds(2)

    /// Has a session kept. It lasts until it is forgotten.
    /// - Throws: ``SystemCallFailure``: out of descriptors.
    func keep(_ session: SessionID, _ held: HeldTerminal, leader: Pidfd) async throws(SystemCallFailure) {
        guard isAvailable else { return }
        ServiceNotification.store(
            try held.feed.pack(held.terminal, leader: leader).release(), name: StoredSession.name(of: session))
        _ = await ServiceNotification.flush(until: .after(Self.patience))
    }

    /// Has a session no longer kept.
    func forget(_ session: SessionID) {
        if isAvailable { ServiceNotification.unstore(name: StoredSession.name(of: session)) }
    }

    /// Has the output of a session that is over kept. It lasts until it is forgotten.
    /// - Parameter memory: its memory file.
    func keep(_ output: TerminalFeed, in memory: consuming OwnedFileDescriptor) {
        if isAvailable { ServiceNotification.store(memory, name: StoredOutput.name(of: output)) }
    }

    /// Has the output of a session that is over no longer kept.
    func forget(_ output: TerminalFeed) { forget(storedAs: StoredOutput.name(of: output)) }

    /// Has whatever was stored under a name no longer kept.
    func forget(storedAs name: String) {
        if isAvailable { ServiceNotification.unstore(name: name) }
    }

    /// Has the listening socket kept, so that whoever connects while the host restarts waits instead of being refused.
    /// - Throws: ``SystemCallFailure``: out of descriptors.
    func keep(socket: borrowing OwnedFileDescriptor) throws(SystemCallFailure) {
        if isAvailable { ServiceNotification.store(try socket.duplicate(), name: Self.socketName) }
    }

    /// Has the listening socket no longer kept.
    func forgetSocket() {
        if isAvailable { ServiceNotification.unstore(name: Self.socketName) }
    }

    /// Whether what is stored will be there for the next host when this one ends now.
    ///
    /// systemd keeps it when the service is started again, after a crash or by `restart`, and closes it when the service is stopped.
    /// - Returns: nil when systemd does not answer.
    func outlives(_ systemd: SystemdManager) async -> Bool? {
        guard isAvailable, let service else { return false }
        do throws(ScopeFailure) {
            return try await systemd.jobType(of: service, until: .after(.seconds(5))) != "stop"
        } catch {
            return nil
        }
    }
}
