import CgroupPty
import Testing

private let instance = InstanceID("1f2e3d4c")!
private let workspace = WorkspaceID("wk4m2")!
private let session = SessionID("s9x1")!

@Suite struct `A scope's name` {
    @Test func `is made of instance, workspace and session`() {
        let scope = ScopeName(instance: instance, workspace: workspace, session: session)
        #expect(scope.unit == "corral-1f2e3d4c-wk4m2-s9x1.scope")
        #expect("\(scope)" == scope.unit)
        #expect(scope.slice == .workspace(instance, workspace))
        #expect(
            scope.path.description
                == "/corral.slice/corral-1f2e3d4c.slice/corral-1f2e3d4c-wk4m2.slice/corral-1f2e3d4c-wk4m2-s9x1.scope")
    }

    @Test func `is read back as it was written`() {
        for _ in 0..<200 {
            let scope = ScopeName(instance: .mint(), workspace: .mint(), session: .mint())
            #expect(ScopeName(unit: scope.unit) == scope)
        }
    }

    @Test(arguments: [
        "", "corral", ".scope", "corral-.scope", "corral-1f2e3d4c.scope", "corral-1f2e3d4c-wk4m2.scope",
        "corral-1f2e3d4c-wk4m2-s9x1-more.scope", "corral-1f2e3d4c-wk4m2-s9x1.slice", "corral-1f2e3d4c-wk4m2-s9x1",
        "corral-1f2e3d4c-wk4m2-s9x1.scope ", " corral-1f2e3d4c-wk4m2-s9x1.scope", "corral-1f2e3d4c--s9x1.scope",
        "corral-1f2e3d4c-wk4m2-.scope", "corral--wk4m2-s9x1.scope", "corral-1F2E3D4C-wk4m2-s9x1.scope",
        "corral-1f2e3d4c-WK4M2-s9x1.scope", "corral-1f2e3d4c-wk4m2-s9x.scope", "corral-1f2e3d4cx-wk4m2-s9x1.scope",
        "xcorral-1f2e3d4c-wk4m2-s9x1.scope", "corral-1f2e3d4c-wk4m2-s9x1.scope.scope", "tmux-spawn-1f2e3d4c.scope",
        "session-3.scope", "run-r1f2e3d4c.scope", "corral-1f2e3d4c-wk4m2-s9x1\\x2d.scope",
        "corral-1f2e3d4c-wk4m2-s9\u{e9}1.scope",
        "corral-1f2e3d4c-wk4m2-\u{301}s9x1.scope",
    ])
    func `is not read from a foreign unit`(unit: String) {
        #expect(ScopeName(unit: unit) == nil)
    }

    @Test func `tells another instance's from our own`() {
        let other = ScopeName(unit: "corral-00000000-wk4m2-s9x1.scope")
        #expect(other != ScopeName(instance: instance, workspace: workspace, session: session))
        #expect(other?.instance != instance)
    }
}

@Suite struct `A slice's name` {
    @Test func `is made of instance and workspace, with a level for each`() {
        #expect(SliceName.instance(instance).unit == "corral-1f2e3d4c.slice")
        #expect(SliceName.instance(instance).path.description == "/corral.slice/corral-1f2e3d4c.slice")
        let slice = SliceName.workspace(instance, workspace)
        #expect(slice.unit == "corral-1f2e3d4c-wk4m2.slice")
        #expect("\(slice)" == slice.unit)
        #expect(slice.path.description == "/corral.slice/corral-1f2e3d4c.slice/corral-1f2e3d4c-wk4m2.slice")
    }

    @Test func `is read back as it was written`() {
        for _ in 0..<200 {
            let (instance, workspace) = (InstanceID.mint(), WorkspaceID.mint())
            #expect(SliceName(unit: SliceName.instance(instance).unit) == .instance(instance))
            #expect(SliceName(unit: SliceName.workspace(instance, workspace).unit) == .workspace(instance, workspace))
        }
    }

    @Test(arguments: [
        "", "corral.slice", "corral-.slice", "corral-1f2e3d4c", "corral-1f2e3d4c.scope",
        "corral-1f2e3d4c-wk4m2-s9x1.slice",
        "corral-1f2e3d4c-.slice", "corral-1f2e3d4c-wk.slice", "corral-wk4m2.slice", "user.slice", "-.slice",
        "corral-1F2E3D4C.slice",
        "corral-1f2e3d4c-wk4m2.slice\n", "app-corral-1f2e3d4c.slice",
    ])
    func `is not read from a foreign unit`(unit: String) {
        #expect(SliceName(unit: unit) == nil)
    }
}
