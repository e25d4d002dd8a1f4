import CgroupPty
import HostProtocol
struct ReaperService: Sendable {
    init(context: HostContext, registry: SessionRegistry, destroys: DestroyService) {}
    func document() -> ReaperDocument { ReaperDocument(passes: 0, lastPass: nil, lastFailure: nil) }
    func pass(dryRun: Bool, unclaimed: Bool) async throws -> PassDocument { throw HostFailure.conflict("") }
    func run() async {}
}
struct TaggedSurvivors { let context: HostContext; func end(of: ScopeName) async -> StopReport.Outcome? { nil } }
extension DestroySaga { func endEscapes() async throws -> StateMachine.Event { .done } }
