import HostProtocol
import Testing

@testable import HostService

@Suite struct `What comes after a step of a delete` {
    typealias Machine = DestroySaga.StateMachine

    private func options(_ change: (inout DestroyOptions) -> Void = { _ in }) -> DestroyOptions {
        var options = DestroyOptions(.init())
        change(&options)
        return options
    }

    private func action(after step: DestroyStep, _ event: Machine.Event, _ options: DestroyOptions) -> Machine.Action {
        var machine = Machine(resumingAt: step)
        return machine.handle(event, options: options)
    }

    @Test func `is the next one, to the end`() {
        var machine = Machine(resumingAt: nil)
        var steps: [DestroyStep] = [.teardown]
        while case .perform(let step) = machine.handle(.done, options: options()) { steps.append(step) }
        #expect(steps == [.teardown, .stop, .escapes, .recheck, .worktree, .branch, .finish])
        #expect(machine.step == nil)
        #expect(machine.handle(.done, options: options()) == .complete)
    }

    @Test func `is the workspace's return where nothing of it was removed yet, and else another try`() {
        for event in [Machine.Event.stopped("no"), .failed("no")] {
            #expect(action(after: .teardown, event, options { $0.force = true }) == .restore("no"))
            #expect(action(after: .recheck, event, options { $0.skipsTeardown = true }) == .restore("no"))
            for step in [DestroyStep.stop, .escapes, .worktree, .finish] {
                #expect(action(after: step, event, options()) == .retry(step, "no"))
            }
            #expect(action(after: .branch, event, options()) == .perform(.finish))
        }
        #expect(action(after: .stop, .failed("left"), options { $0.abandon = true }) == .perform(.escapes))
    }

    // Symptom: whoever came with --force while it was looked for work a second time was told that the workspace was kept for that work, with
    // its sessions ended. Cause: what was asked for during a step counted from the next one on, and there was none.
    @Test func `is what was asked for while the step ran`() {
        for event in [Machine.Event.stopped("no"), .failed("no")] {
            #expect(action(after: .recheck, event, options { $0.force = true }) == .perform(.worktree))
            #expect(action(after: .teardown, event, options { $0.skipsTeardown = true }) == .perform(.stop))
        }
    }
}
