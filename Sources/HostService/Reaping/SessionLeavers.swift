import CgroupPty
import HostProtocol
import Reaper

/// Looks for processes of killed sessions that have left their workspace's slice: they are told, and left alone. The workspace lives,
/// and so may what left it.
///
/// One walk through procfs serves all who asked before it began, so that many sessions that are killed at once do not cost as many
/// walks.
actor SessionLeavers {
    /// Processes that are told of one session at most (I8).
    private static let limit = 100

    private let context: HostContext
    private var waiting: [(scope: ScopeName, caller: CheckedContinuation<[EscapeDocument]?, Never>)] = []
    private var isAtWork = false

    /// Takes what it works with.
    init(context: HostContext) {
        self.context = context
    }

    /// Looks for processes that carry a session's tag outside of its workspace's slice.
    /// - Returns: nil when it could not be looked for.
    func look(for scope: ScopeName) async -> [EscapeDocument]? {
        await withCheckedContinuation { caller in
            waiting.append((scope, caller))
            guard !isAtWork else { return }
            isAtWork = true
            Task { await work() }
        }
    }

    private func work() async {
        while !waiting.isEmpty {
            let asked = waiting
            waiting = []
            var targets: [WorkspaceID: EscapeQuestion.Target] = [:]
            for (scope, _) in asked {
                targets[scope.workspace, default: EscapeQuestion.Target(sessions: [])].sessions?.insert(scope.session)
            }
            let question = EscapeQuestion(instance: context.instance, targets: targets)
            let findings = await context.scan.look(question, until: .after(.seconds(5)))
            for (scope, caller) in asked { caller.resume(returning: Self.told(of: scope, findings)) }
        }
        isAtWork = false
    }

    private static func told(of scope: ScopeName, _ findings: EscapeFindings) -> [EscapeDocument]? {
        guard findings.failure == nil else { return nil }
        // What is in the slice was ended before this look, or will be found there by the reaper.
        let own = findings.suspects.filter { finding in
            guard case .known(.some(let tag)) = finding.process.tag else { return false }
            return tag.workspace == scope.workspace && tag.session == scope.session
        }
        return own.prefix(limit).map {
            EscapeDocument(EscapeRecord(reported: $0, because: "it left the slice of a workspace that lives"))
        }
    }
}
