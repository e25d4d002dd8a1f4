import CgroupPty
import FoundationEssentials
import SessionIndex

extension PassRun {
    /// Records that a session is over that nothing has to be ended for.
    func conclude(_ row: SessionRow, _ conclusion: Conclusion, _ absence: Absence) async -> PassRecord {
        let scope = scope(of: row)
        if let doubt = await doubt(about: scope, judgedFrom: row) { return spared(.scope(scope), doubt) }
        if absence.sign != .otherBoot {
            if let doubt = await doubtThatGone(scope, row) { return spared(.scope(scope), doubt) }
        }
        let outcome = "\(absence)"
        let reason = conclusion == .killed ? row.disposeReason ?? conclusion.reason : conclusion.reason
        do throws(IndexFailure) {
            let isMarked = try await index.markEnded(
                row.id, from: [row.status], status: conclusion.ending, reason: reason, outcome: outcome, at: Date())
            guard isMarked else { return spared(.scope(scope), .overtaken("its row changed")) }
        } catch {
            return spared(.scope(scope), .unreadable("\(error)"))
        }
        await host.sessionEnded(row.id, conclusion.ending, reason)
        return PassRecord(.concluded(conclusion), .scope(scope), outcome)
    }

    /// Takes a session back that was believed lost (I4).
    func reactivate(_ row: SessionRow) async -> PassRecord {
        let scope = scope(of: row)
        if let doubt = await doubt(about: scope, judgedFrom: row) { return spared(.scope(scope), doubt) }
        do throws(IndexFailure) {
            let isRecovered = try await index.recoverLost(row.id, lastOutcome: "found alive")
            guard isRecovered else { return spared(.scope(scope), .overtaken("its row changed")) }
        } catch {
            return spared(.scope(scope), .unreadable("\(error)"))
        }
        await host.sessionRecovered(row.id)
        return PassRecord(.recovered, .scope(scope), Self.foundAlive)
    }

    /// Gives a scope its row back.
    func recover(_ scope: ScopeName, _ members: Reading<[ProcessIdentity]>, _ claims: IndexClaims) async -> PassRecord {
        if let doubt = await doubt(about: scope, judgedFrom: nil) { return spared(.scope(scope), doubt) }
        if let doubt = await doubtThatPopulated(scope) { return spared(.scope(scope), doubt) }
        guard let workspace = claims.workspace(scope.workspace) else {
            return spared(.scope(scope), .overtaken("its workspace has no row"))
        }
        let processes = await instruments.stats(members.value ?? [])
        let row = RecoveredSession(processes).row(scope, in: workspace, bootID: bootID, at: Date())
        do throws(IndexFailure) {
            guard try await index.insertRecovered(row) else {
                return spared(.scope(scope), .overtaken("a row appeared, or its workspace is going"))
            }
        } catch {
            return spared(.scope(scope), .unreadable("\(error)"))
        }
        await host.sessionRecovered(scope.session)
        return PassRecord(.recovered, .scope(scope), Self.withoutRow, members: members.value?.count)
    }

    /// Nil when a session's scope holds nothing and its leader has exited (I2).
    private func doubtThatGone(_ scope: ScopeName, _ row: SessionRow) async -> Doubt? {
        switch await instruments.presence(scope, soon) {
        case .empty, .absent: break
        case .populated: return .overtaken("its scope holds processes now")
        case .unknown(let reason): return .unreadable(reason)
        }
        guard let leader = row.leader else { return nil }
        return await doubtThatExited(leader)
    }
}
