public import CgroupPty

/// What is to be thought of one process. Pure: the same description and question give the same judgement.
///
/// A tag alone authorises nothing, since an environment is copied to strangers. A kill needs the tag of this instance and of a
/// workspace that was asked for, and a fact that no environment copies.
public enum EscapeJudgement: Sendable, Equatable {
    /// It has nothing to do with the question.
    case unrelated
    /// It looks as if it had. To be reported.
    case suspect(WorkspaceID, [EscapeEvidence])
    /// It has, by proof.
    case killable(WorkspaceID, [EscapeEvidence])
    /// It could have, but could not be read, and why.
    case unreadable(String)

    /// Judges a process.
    /// - Parameter ground: the manager's own cgroup.
    public init(_ process: ProcessDescription, _ question: EscapeQuestion, below ground: CgroupPath) {
        var places = CgroupPlaces(below: ground, of: question.instance)
        self.init(process, question, &places)
    }

    init(_ process: ProcessDescription, _ question: EscapeQuestion, _ places: inout CgroupPlaces) {
        if process.isKin { self = .unrelated; return }
        let path: CgroupPath
        switch process.cgroup {
        case .known(.path(let known)): path = known
        case .known(.removed): self = .unrelated; return  // only the dead are in a removed cgroup
        case .known(.outside): self = Self.withoutPlace(process, question); return
        case .unknown(let reason): self = .unreadable(reason); return
        }
        let place = places[path]
        switch process.tag {
        case .known(let tag): self = Self.judge(process, tag, path, place, question)
        case .unknown(let reason): self = Self.withoutTag(process, place, question, reason)
        }
    }

    /// A process whose environment may not be read, as that of another user. It can be tied to a workspace all the same.
    private static func withoutTag(
        _ process: ProcessDescription, _ place: CgroupPlace, _ question: EscapeQuestion, _ reason: String
    ) -> EscapeJudgement {
        switch place {
        case .slice(let workspace, let session) where !mayJudge(workspace, session, question): return .unrelated
        case .otherCorral, .manager: return .unrelated
        case .slice, .service, .elsewhere: break
        }
        if let (workspace, evidence) = tie(process, place, question) { return .suspect(workspace, evidence) }
        return couldMatter(place, process, question) ? .unreadable(reason) : .unrelated
    }

    /// What ties a process to a workspace that is gone, when its environment does not; not enough to end it. What is inside the
    /// workspace's slice is the slice's.
    private static func tie(
        _ process: ProcessDescription, _ place: CgroupPlace, _ question: EscapeQuestion
    ) -> (WorkspaceID, [EscapeEvidence])? {
        if case .slice = place { return nil }
        let workspaces = [
            question.witnesses.sightings[process.identity]?.workspace,
            question.leaders[process.posixSession]?.workspace,
        ]
        for case .some(let workspace) in workspaces {
            guard let target = question.targets[workspace], target.sessions == nil else { continue }
            return (workspace, facts(process, workspace, question) + use(of: target.worktree, by: process))
        }
        return nil
    }

    /// What the kernel has shown of a process that ties it to a workspace.
    private static func facts(
        _ process: ProcessDescription, _ workspace: WorkspaceID, _ question: EscapeQuestion
    ) -> [EscapeEvidence] {
        var facts: [EscapeEvidence] = []
        if let owner = question.leaders[process.posixSession], owner.workspace == workspace {
            facts.append(.posixSession(owner.session))
        }
        if let sighting = question.witnesses.sightings[process.identity], sighting.workspace == workspace {
            facts.append(sighting.place == .slice ? .seenInside : .seenOnTerminal)
        }
        return facts
    }

    private static func judge(
        _ process: ProcessDescription, _ tag: ProcessTag?, _ path: CgroupPath, _ place: CgroupPlace,
        _ question: EscapeQuestion
    ) -> EscapeJudgement {
        guard let (workspace, evidence) = evidence(process, tag, path, place, question) else { return .unrelated }
        if isAnothers(place, question) {
            // Not ours to end, and told where it says itself whose it is; what is in its workspace's own slice is that slice's.
            if case .slice(workspace, _) = place { return .unrelated }
            let isTold = question.targets[workspace]?.sessions == nil && evidence.contains { $0.isTag }
            return isTold ? .suspect(workspace, evidence) : .unrelated
        }
        let isProven = evidence.contains(where: \.isProof) && evidence.contains { $0.isTag } && !process.isSomebodyElses
        switch place {
        case .service, .manager: return .suspect(workspace, evidence)
        case .slice, .otherCorral, .elsewhere:
            return isProven ? .killable(workspace, evidence) : .suspect(workspace, evidence)
        }
    }

    /// Whether a place is looked after by somebody else who ends units of Corral's.
    private static func isAnothers(_ place: CgroupPlace, _ question: EscapeQuestion) -> Bool {
        switch place {
        case .slice(let workspace, let session): !mayJudge(workspace, session, question)
        case .otherCorral: true
        case .service, .manager, .elsewhere: false
        }
    }

    /// Whether a process in a slice of ours is anybody's to judge: slices of living workspaces look after their own, except for
    /// what a killed session left beside all sessions' scopes.
    private static func mayJudge(_ workspace: WorkspaceID, _ session: SessionID?, _ question: EscapeQuestion) -> Bool {
        if question.emptied.contains(workspace) { return true }
        guard let sessions = question.targets[workspace]?.sessions else { return false }
        return session.map { sessions.contains($0) } ?? true
    }

    private static func evidence(
        _ process: ProcessDescription, _ tag: ProcessTag?, _ path: CgroupPath, _ place: CgroupPlace,
        _ question: EscapeQuestion
    ) -> (WorkspaceID, [EscapeEvidence])? {
        if let tag, tag.instance == question.instance, let target = question.targets[tag.workspace] {
            var evidence = [EscapeEvidence.tag(tag)]
            if let sessions = target.sessions {
                // A session's survivors are only looked for in the slice: its workspace lives, and so may what left it.
                guard let session = tag.session, sessions.contains(session) else { return nil }
                if case .slice(tag.workspace, _) = place { evidence.append(.inside(path)) }
                return (tag.workspace, evidence)
            }
            if let owner = question.terminals[process.terminalDevice], owner.workspace == tag.workspace,
                tag.session == nil || tag.session == owner.session
            {
                evidence.append(.terminal(owner.session))
            }
            evidence += facts(process, tag.workspace, question)
            if case .slice(let workspace, _) = place, question.emptied.contains(workspace) {
                evidence.append(.inside(path))
            }
            return (tag.workspace, evidence + use(of: target.worktree, by: process))
        }
        if let found = tie(process, place, question) { return found }
        // Of many workspaces that are gone, few have a worktree left.
        if process.directory == nil, process.root == nil, process.openFile == nil { return nil }
        for (workspace, target) in question.targets {
            let use = use(of: target.worktree, by: process)
            if !use.isEmpty { return (workspace, use) }
        }
        return nil
    }

    private static func use(of worktree: String?, by process: ProcessDescription) -> [EscapeEvidence] {
        guard let worktree else { return [] }
        func isInside(_ path: String?) -> String? {
            guard let path else { return nil }
            return path == worktree || path.hasPrefix(worktree + "/") ? path : nil
        }
        var evidence: [EscapeEvidence] = []
        if let directory = isInside(process.directory) { evidence.append(.directory(directory)) }
        if let root = isInside(process.root) { evidence.append(.root(root)) }
        if let file = isInside(process.openFile) { evidence.append(.file(file)) }
        return evidence
    }

    /// A process outside our cgroup namespace is nothing of ours to end, whatever it says.
    private static func withoutPlace(_ process: ProcessDescription, _ question: EscapeQuestion) -> EscapeJudgement {
        guard case .known(.some(let tag)) = process.tag, tag.instance == question.instance,
            question.targets[tag.workspace]?.sessions == nil, question.targets[tag.workspace] != nil
        else { return .unrelated }
        return .suspect(tag.workspace, [.tag(tag)])
    }

    /// Whether a process whose tag is not known could be what is looked for.
    private static func couldMatter(
        _ place: CgroupPlace, _ process: ProcessDescription, _ question: EscapeQuestion
    ) -> Bool {
        switch place {
        case .slice(let workspace, let session): return mayJudge(workspace, session, question)
        case .otherCorral, .manager: return false
        case .service, .elsewhere: break
        }
        if let owner = question.terminals[process.terminalDevice], let target = question.targets[owner.workspace] {
            return target.sessions == nil
        }
        // Somebody else's process can only have come from us through a terminal or a slice: sudo, su.
        return !process.isSomebodyElses && question.targets.values.contains { $0.sessions == nil }
    }
}

extension EscapeEvidence {
    fileprivate var isTag: Bool {
        if case .tag = self { return true }
        return false
    }
}
