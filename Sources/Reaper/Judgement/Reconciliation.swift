import CgroupPty
import SessionIndex

/// Holds the index's claims against the ground.
///
/// Pure and total: every row, every scope, every unit gets a verdict, and the same arguments give the same verdicts. The order of the
/// questions is the table of the design: a saga at work and a row of another boot come first, what the kernel says comes
/// before what the row says, and what is unknown is left alone (I3, I4).
public struct Reconciliation: Sendable {
    /// What came of it.
    public struct Judgement: Sendable, Equatable {
        /// One for each thing that was looked at. Rows come first, then scopes without a row, then units.
        public var verdicts: [Verdict]
        /// What the next pass is to be given, before anything was carried out.
        public var memory: ReaperMemory
    }

    let claims: IndexClaims
    let ground: GroundTruth
    let memory: ReaperMemory
    let context: ReconciliationContext
    var next: ReaperMemory

    private init(_ claims: IndexClaims, _ ground: GroundTruth, _ memory: ReaperMemory, _ context: ReconciliationContext)
    {
        self.claims = claims
        self.ground = ground
        self.memory = memory
        self.context = context
        next = ReaperMemory()
        next.witnesses = memory.witnesses
        next.failedKills = memory.failedKills.filter { unit, _ in
            guard let unit = OwnUnit(unit, of: ground.instance) else { return false }
            switch Self.presence(of: unit, ground) {
            case .populated, .unknown: return true
            case .empty, .absent: return false
            }
        }
    }

    /// Judges everything.
    /// - Parameter memory: what the last pass left.
    public static func judge(
        _ claims: IndexClaims, _ ground: GroundTruth, _ memory: ReaperMemory, _ context: ReconciliationContext
    ) -> Judgement {
        var judge = Reconciliation(claims, ground, memory, context)
        var verdicts: [Verdict] = []
        for row in claims.sessions {
            let verdict = judge.verdict(on: row)
            let isSpared = claims.changedSessions.contains(row.id) || claims.changedWorkspaces.contains(row.workspaceID)
            verdicts.append(verdict.acts && isSpared ? .leave(row.unit, .changed) : verdict)
        }
        verdicts += judge.verdictsOnUnexplained()
        verdicts += judge.verdictsOnUnits()
        switch ground.foreign {
        case .known(let scopes): verdicts += scopes.map { .foreign($0) }
        case .unknown(let reason): verdicts.append(.leave("scopes of other instances", .unreadable(reason)))
        }
        return Judgement(verdicts: verdicts, memory: judge.next)
    }

    static func presence(of unit: OwnUnit, _ ground: GroundTruth) -> Presence {
        switch unit {
        case .scope(let scope): ground.presence(of: scope)
        case .slice(_, let workspace): ground.presence(of: workspace)
        }
    }

    /// When something was seen first: by an earlier pass, or now.
    func firstSeen(_ earlier: UInt64?) -> UInt64 {
        min(earlier ?? context.now.bootNanoseconds, context.now.bootNanoseconds)
    }
}
