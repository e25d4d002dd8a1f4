import FoundationEssentials
import SessionIndex

@testable import CgroupPty
@testable import Reaper

/// A ground that does what it is told, and writes down what is done to it.
final class FakeWorld: Sendable {
    struct State {
        /// What lives, by scope.
        var scopes: [ScopeName: Presence] = [:]
        var strangers: [WorkspaceID: [SliceContents.Stranger]] = [:]
        var units: [SystemdManager.Unit] = []
        /// Where leaders are whose scope holds nothing; exited without an entry.
        var leaders: [ScopeName: LeaderPlace] = [:]
        /// Whether a leader can be pinned. If so, it is gone.
        var canPin = true
        /// Why nothing can be read; nil when it can.
        var failure: String?
        /// What a stop comes to, by unit; confirmed, and nothing left, without one.
        var outcomes: [String: StopReport.Outcome] = [:]
        var stats: [ProcessStat] = []
        var findings = EscapeFindings()
        /// Walks through procfs.
        var censuses = 0
        /// Runs while the ground is read, between the two reads of the claims.
        var duringLook: (@Sendable () async -> Void)?
        /// Runs while a scope is being stopped.
        var duringStop: (@Sendable (String) async -> Void)?

        var stopped: [String] = []
        var tidied: [String] = []
        var ended: [ProcessIdentity] = []
        var looks = 0
        var looksUnderWay = 0
        var mostLooksAtOnce = 0
        var stopsUnderWay = 0
        var mostStopsAtOnce = 0
    }

    private let state = Locked(State())

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
    func read<Value>(_ body: (State) -> Value) -> Value { state.withLock { body($0) } }

    var truth: GroundTruth { truth(withLeaders: []) }

    private func truth(withLeaders scopes: some Sequence<ScopeName>) -> GroundTruth {
        read { state in
            if let failure = state.failure { return .unknown(Sample.instance, failure) }
            var slices: [WorkspaceID: Reading<SliceContents>] = [:]
            for workspace in Set(state.scopes.keys.map(\.workspace)).union(state.strangers.keys) {
                slices[workspace] = .known(Self.contents(workspace, state))
            }
            return GroundTruth(
                instance: Sample.instance, slices: .known(slices), foreign: .known([]), units: .known(state.units),
                leaders: Dictionary(uniqueKeysWithValues: scopes.map { ($0, state.leaders[$0] ?? .exited) }))
        }
    }

    private static func contents(_ workspace: WorkspaceID, _ state: State) -> SliceContents {
        let scopes = state.scopes.filter { $0.key.workspace == workspace }
        let strangers = state.strangers[workspace] ?? []
        let isPopulated = scopes.values.contains { if case .populated = $0 { true } else { false } }
        return SliceContents(
            isPopulated: isPopulated || !strangers.isEmpty,
            scopes: Dictionary(uniqueKeysWithValues: scopes.map { ($0.key.session, $0.value) }), strangers: strangers)
    }

    var instruments: ReaperInstruments {
        ReaperInstruments(
            units: { _ in .known(self.read(\.units)) },
            look: { leaders, _, _, _ in await self.look(leaders.keys) },
            presence: { scope, _ in self.truth.presence(of: scope) },
            slice: { workspace, _ in
                self.read { state in
                    if let failure = state.failure { return .unknown(failure) }
                    return .known(Self.contents(workspace, state))
                }
            },
            pin: { leader in self.read { $0.canPin ? .known(nil) : .unknown("pidfd_open process \(leader): EMFILE") } },
            stats: { processes in self.read { $0.stats.filter { processes.contains($0.identity) } } },
            stop: { target, _, _ in await self.stop(target) },
            tidy: { unit, _ in
                self.change {
                    $0.tidied.append(unit.name)
                    $0.units.removeAll { $0.name == unit.name }
                }
                return .known("systemd stopped it")
            },
            census: { _, _ in
                self.change { $0.censuses += 1 }
                return .known(ProcessCensus(processes: [], illegible: 0))
            },
            findings: { _, _, _ in self.read(\.findings) },
            witnesses: { _, _ in EscapeWitnesses() },
            end: { findings, _, _ in
                self.change { $0.ended += findings.map(\.process.identity) }
                return findings.map { EscapeEnd(finding: $0, outcome: .killed) }
            })
    }

    private func look(_ leaders: some Sequence<ScopeName>) async -> GroundTruth {
        change {
            $0.looks += 1
            $0.looksUnderWay += 1
            $0.mostLooksAtOnce = max($0.mostLooksAtOnce, $0.looksUnderWay)
        }
        let truth = truth(withLeaders: leaders)
        await read(\.duringLook)?()
        change { $0.looksUnderWay -= 1 }
        return truth
    }

    private func stop(_ target: ScopeStop.Target) async -> StopReport {
        change {
            $0.stopped.append(target.unit)
            $0.stopsUnderWay += 1
            $0.mostStopsAtOnce = max($0.mostStopsAtOnce, $0.stopsUnderWay)
        }
        await read(\.duringStop)?(target.unit)
        let outcome = read { $0.outcomes[target.unit] ?? .confirmed }
        change { state in
            state.stopsUnderWay -= 1
            if outcome == .confirmed {
                state.scopes = state.scopes.filter { $0.key.unit != target.unit }
                state.strangers = state.strangers.filter {
                    SliceName.workspace(Sample.instance, $0.key).unit != target.unit
                }
            }
        }
        return StopReport(
            outcome: outcome, means: outcome == .confirmed ? .terminated : nil, membersSignalled: 2, milliseconds: 1,
            remarks: [])
    }
}

/// A reaper in a fake world, with a real index.
final class Fixture: Sendable {
    let world = FakeWorld()
    let index: Index
    private let scratch: Locked<Scratch>

    init() async throws {
        let directory = try Scratch()
        index = try await Index.open(directory: directory.path)
        scratch = Locked(directory)
    }

    func reaper(
        host: ReaperHost = ReaperHost(), settings: ReaperSettings = ReaperSettings(),
        memory: ReaperMemory = ReaperMemory()
    ) -> Reaper {
        Reaper(
            index: index, instruments: world.instruments, instance: Sample.instance, bootID: Sample.boot, host: host,
            settings: settings, memory: memory)
    }

    /// Adds the sample workspace, and a session in it that is active and lives.
    func live(_ session: SessionID = Sample.session, kind: SessionRow.Kind = .shell) async throws -> ScopeName {
        try await start(session, kind: kind)
        _ = try await index.activate(session, leader: Sample.leader, terminalDevice: nil)
        return ScopeName(instance: Sample.instance, workspace: Sample.workspace, session: session)
    }

    /// Adds the sample workspace, and a session in it that lives and is starting.
    func start(_ session: SessionID = Sample.session, kind: SessionRow.Kind = .shell) async throws {
        if try await index.workspace(Sample.workspace) == nil {
            _ = try await index.insertWorkspace(Sample.workspaceRow())
        }
        _ = try await index.insertStarting(Sample.row(.starting, kind: kind, id: session))
        let scope = ScopeName(instance: Sample.instance, workspace: Sample.workspace, session: session)
        world.change { $0.scopes[scope] = Sample.alive }
    }

    func row(_ session: SessionID = Sample.session) async throws -> SessionRow? { try await index.session(session) }
}
