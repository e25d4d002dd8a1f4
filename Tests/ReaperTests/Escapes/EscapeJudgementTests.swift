import CgroupPty
import FoundationEssentials
import SessionIndex
import Testing

@testable import Reaper

/// A user manager's cgroup, and processes around it.
private enum World {
    static let ground = CgroupPath("/user.slice/user-1000.slice/user@1000.service")!
    static let device: UInt64 = 34_816
    static let leader: Int32 = 4242
    static let elsewhere = ground.appending("app.slice").appending("x.scope")
    static let gone = SliceName.workspace(Sample.instance, Sample.workspace).path
    static let livingSlice = SliceName.workspace(Sample.instance, WorkspaceID("wtwo")!).path
    static let tag = ProcessTag(instance: Sample.instance, workspace: Sample.workspace, session: Sample.session)

    static func process(
        _ cgroup: CgroupPath, tag: ProcessTag? = tag, terminal: UInt64 = 0, posixSession: Int32 = 0,
        identity: ProcessIdentity = Sample.member,
        directory: String? = nil, root: String? = nil, openFile: String? = nil, kin: Bool = false, foreign: Bool = false
    ) -> ProcessDescription {
        ProcessDescription(
            identity: identity, command: "x", isKin: kin, isSomebodyElses: foreign, cgroup: .known(.path(cgroup)),
            terminalDevice: terminal, posixSession: posixSession, tag: .known(tag), directory: directory, root: root,
            openFile: openFile)
    }

    static var question: EscapeQuestion {
        var witnesses = EscapeWitnesses()
        witnesses.add(Sample.leader, EscapeWitnesses.Sighting(workspace: Sample.workspace, place: .slice))
        return EscapeQuestion(
            instance: Sample.instance, targets: [Sample.workspace: EscapeQuestion.Target(worktree: "/trees/w")],
            terminals: [device: EscapeQuestion.Terminal(workspace: Sample.workspace, session: Sample.session)],
            leaders: [leader: EscapeQuestion.Terminal(workspace: Sample.workspace, session: Sample.session)],
            witnesses: witnesses, emptied: [Sample.workspace])
    }

    static func judge(_ process: ProcessDescription, _ question: EscapeQuestion = question) -> EscapeJudgement {
        EscapeJudgement(process, question, below: ground)
    }
}

extension EscapeJudgement {
    fileprivate var isKillable: Bool { if case .killable = self { true } else { false } }
    fileprivate var isSuspect: Bool { if case .suspect = self { true } else { false } }
    fileprivate var isUnreadable: Bool { if case .unreadable = self { true } else { false } }
}

@Suite struct `A process outside its slice` {
    @Test func `is a suspect by its tag alone, and never more`() {
        #expect(World.judge(World.process(World.elsewhere)) == .suspect(Sample.workspace, [.tag(World.tag)]))
    }

    @Test func `may be ended when it is on the session's terminal`() {
        #expect(
            World.judge(World.process(World.elsewhere, terminal: World.device))
                == .killable(Sample.workspace, [.tag(World.tag), .terminal(Sample.session)]))
    }

    @Test func `is a suspect on a terminal that is another session's`() {
        var tag = World.tag
        tag.session = SessionID("sother")
        #expect(World.judge(World.process(World.elsewhere, tag: tag, terminal: World.device)).isSuspect)
        var question = World.question
        question.terminals[World.device]?.workspace = WorkspaceID("wtwo")!
        #expect(World.judge(World.process(World.elsewhere, terminal: World.device), question).isSuspect)
    }

    @Test func `may be ended when the same process was seen inside the slice`() {
        #expect(World.judge(World.process(World.elsewhere, identity: Sample.leader)).isKillable)
        let laterSameNumber = ProcessIdentity(pid: Sample.leader.pid, startTicks: Sample.leader.startTicks + 1)
        #expect(World.judge(World.process(World.elsewhere, identity: laterSameNumber)).isSuspect)
        var question = World.question
        question.witnesses.add(Sample.leader, EscapeWitnesses.Sighting(workspace: WorkspaceID("wtwo")!, place: .slice))
        #expect(World.judge(World.process(World.elsewhere, identity: Sample.leader), question).isSuspect)
    }

    // Symptom: a delete was confirmed and named nobody while a process of it lived in `corral.slice`, or in another workspace's. Cause: what is
    // in such a place is not ours to end, and was not told either.
    @Test func `is told and left alone in a slice that somebody else looks after, where its tag says whose it is`() {
        let top = World.ground.appending("corral.slice")
        let slices = [top, top.appending("corral-deadbeef.slice"), top.appending("x.scope")]
        for place in slices + [World.ground.appending(World.livingSlice).appending("x.scope")] {
            #expect(World.judge(World.process(place, terminal: World.device)).isSuspect, "\(place)")
            #expect(World.judge(World.process(place, tag: nil, identity: Sample.leader)) == .unrelated)
            #expect(World.judge(World.process(place, tag: nil, directory: "/trees/w")) == .unrelated)
            var other = World.tag
            other.workspace = WorkspaceID("wtwo")!
            #expect(World.judge(World.process(place, tag: other)) == .unrelated)
        }
        var question = World.question
        question.emptied = []
        let own = World.ground.appending(World.gone).appending("x.scope")
        #expect(World.judge(World.process(own, terminal: World.device), question) == .unrelated)
    }

    @Test func `may be ended in a slice of ours whose workspace is gone`() {
        let inside = World.ground.appending(World.gone).appending("tmux-spawn-1.scope")
        #expect(World.judge(World.process(inside)).isKillable)
        #expect(World.judge(World.process(inside, tag: nil)) == .unrelated, "without a tag it is the slice's")
    }

    @Test func `is a suspect without the tag, whatever else speaks for it`() {
        #expect(World.judge(World.process(World.elsewhere, tag: nil, terminal: World.device)) == .unrelated)
        let process = World.process(World.elsewhere, tag: nil, terminal: World.device, identity: Sample.leader)
        #expect(World.judge(process) == .suspect(Sample.workspace, [.seenInside]))
    }

    @Test func `is a suspect in the POSIX session of a session's leader, which is no proof (I3)`() {
        #expect(
            World.judge(World.process(World.elsewhere, posixSession: World.leader))
                == .suspect(Sample.workspace, [.tag(World.tag), .posixSession(Sample.session)]))
        let untagged = World.process(World.elsewhere, tag: nil, posixSession: World.leader)
        #expect(World.judge(untagged) == .suspect(Sample.workspace, [.posixSession(Sample.session)]))
        var question = World.question
        question.targets = [WorkspaceID("wtwo")!: EscapeQuestion.Target()]
        #expect(World.judge(untagged, question) == .unrelated, "its workspace lives")
        question.targets = [Sample.workspace: EscapeQuestion.Target(sessions: [Sample.session])]
        #expect(World.judge(untagged, question) == .unrelated, "its workspace lives")
    }

    @Test func `needs the tag of this instance and of a workspace that was asked for`() {
        var tag = World.tag
        tag.instance = Sample.other
        #expect(World.judge(World.process(World.elsewhere, tag: tag, terminal: World.device)) == .unrelated)
        tag = World.tag
        tag.workspace = WorkspaceID("wtwo")!
        #expect(World.judge(World.process(World.elsewhere, tag: tag, terminal: World.device)) == .unrelated)
    }

    @Test func `is a suspect when it uses the worktree, and use is no proof`() {
        let use = World.process(World.elsewhere, tag: nil, directory: "/trees/w/src", root: "/")
        #expect(World.judge(use) == .suspect(Sample.workspace, [.directory("/trees/w/src")]))
        #expect(World.judge(World.process(World.elsewhere, tag: nil, directory: "/trees/where")) == .unrelated)
        #expect(World.judge(World.process(World.elsewhere, directory: "/trees/w", root: "/trees/w")).isSuspect)
        let reader = World.process(World.elsewhere, tag: nil, openFile: "/trees/w/a.c")
        #expect(World.judge(reader) == .suspect(Sample.workspace, [.file("/trees/w/a.c")]))
        #expect(World.judge(World.process(World.elsewhere, openFile: "/trees/w/a.c")).isSuspect, "with the tag, too")
    }
}

@Suite struct `Never ended` {
    /// All the proof that there is.
    private func proven(_ cgroup: CgroupPath, kin: Bool = false, foreign: Bool = false) -> ProcessDescription {
        World.process(cgroup, terminal: World.device, identity: Sample.leader, kin: kin, foreign: foreign)
    }

    @Test func `is what runs in a service, or below one`() {
        for path in [
            World.ground.appending("app.slice").appending("emacs.service"),
            World.ground.appending("app.slice").appending("x.service").appending("inner.scope"),
            CgroupPath("/system.slice/cron.service")!, CgroupPath("/system.slice/docker.service/abc/init.scope")!,
            CgroupPath("/user.slice/user-1001.slice/user@1001.service/app.slice/y.scope")!,
        ] {
            #expect(World.judge(proven(path)).isSuspect, "\(path)")
        }
    }

    @Test func `is the manager and what it keeps beside it`() {
        for path in [World.ground, World.ground.appending("init.scope")] {
            #expect(World.judge(proven(path)).isSuspect, "\(path)")
        }
    }

    @Test func `is what lies in a living workspace's slice`() {
        let scope = ScopeName(instance: Sample.instance, workspace: WorkspaceID("wtwo")!, session: Sample.session)
        for path in [scope.path, World.livingSlice.appending("tmux.scope"), World.livingSlice] {
            #expect(World.judge(proven(World.ground.appending(path))).isSuspect, "\(path)")
        }
    }

    @Test func `is what lies in another instance's slice`() {
        let scope = ScopeName(instance: Sample.other, workspace: Sample.workspace, session: Sample.session)
        #expect(World.judge(proven(World.ground.appending(scope.path))).isSuspect)
    }

    @Test func `is who looks, and its ancestors`() {
        #expect(World.judge(proven(World.elsewhere, kin: true)) == .unrelated)
    }

    @Test func `is somebody else's process`() {
        #expect(World.judge(proven(World.elsewhere, foreign: true)).isSuspect)
    }

    @Test func `is what lies outside our namespace`() {
        var process = proven(World.elsewhere)
        process.cgroup = .known(.outside)
        #expect(World.judge(process).isSuspect)
        process.cgroup = .known(.removed)
        #expect(World.judge(process) == .unrelated)
    }
}

@Suite struct `An unreadable process` {
    private func hidden(_ cgroup: CgroupPath, terminal: UInt64 = 0, foreign: Bool) -> ProcessDescription {
        var process = World.process(cgroup, terminal: terminal, foreign: foreign)
        process.tag = .unknown("EACCES")
        return process
    }

    @Test func `of ours is counted (I3)`() {
        #expect(World.judge(hidden(World.elsewhere, foreign: false)).isUnreadable)
        var process = World.process(World.elsewhere)
        process.cgroup = .unknown("EIO")
        #expect(World.judge(process).isUnreadable)
    }

    @Test func `of somebody else is counted only where it could matter`() {
        #expect(World.judge(hidden(World.elsewhere, foreign: true)) == .unrelated)
        #expect(World.judge(hidden(World.elsewhere, terminal: World.device, foreign: true)).isUnreadable)
        #expect(World.judge(hidden(World.ground.appending(World.gone), foreign: true)).isUnreadable)
    }

    /// Regression: what sudo(8) or su(1) had moved to a scope of the system's was named nowhere, and the delete said `confirmed`.
    /// Its environment could not be read, and its terminal was gone with the session's leader.
    @Test func `of somebody else is a suspect when it was seen inside, or is in a leader's POSIX session (I3)`() {
        let system = CgroupPath("/system.slice/x.scope")!
        var process = hidden(system, foreign: true)
        #expect(World.judge(process) == .unrelated)
        process.posixSession = World.leader
        #expect(World.judge(process) == .suspect(Sample.workspace, [.posixSession(Sample.session)]))
        process.posixSession = 0
        process.identity = Sample.leader
        #expect(World.judge(process) == .suspect(Sample.workspace, [.seenInside]))
        process.cgroup = .known(.path(World.ground.appending(World.livingSlice)))
        #expect(World.judge(process) == .unrelated)
    }

    @Test func `of the manager is not counted`() {
        #expect(World.judge(hidden(World.ground.appending("init.scope"), foreign: false)) == .unrelated)
    }
}

@Suite struct `What a killed session leaves behind` {
    private let question = EscapeQuestion.session(Sample.session, of: Sample.workspace, Sample.instance)
    private let slice = World.ground.appending(World.gone)

    @Test func `may be ended beside the sessions in its workspace's slice`() {
        #expect(World.judge(World.process(slice.appending("tmux.scope")), question).isKillable)
        #expect(World.judge(World.process(slice.appending(Sample.scope.unit)), question).isKillable)
    }

    @Test func `is left in another session's scope, and outside the slice`() {
        let other = ScopeName(instance: Sample.instance, workspace: Sample.workspace, session: SessionID("sother")!)
        #expect(World.judge(World.process(slice.appending(other.unit)), question) == .unrelated)
        #expect(World.judge(World.process(World.elsewhere, terminal: World.device), question).isSuspect)
    }

    @Test func `is only what carries the session's own tag`() {
        for session in [SessionID("sother"), nil] {
            var tag = World.tag
            tag.session = session
            #expect(World.judge(World.process(slice.appending("tmux.scope"), tag: tag), question) == .unrelated)
        }
    }

    @Test func `may not be ended in a service, even in the slice`() {
        #expect(World.judge(World.process(slice.appending("run-1.service")), question).isSuspect)
    }
}

@Suite struct `The owner of a terminal` {
    private let later = Sample.noon.addingTimeInterval(60)

    @Test func `is the session of this boot that was made last`() {
        let rows = [
            Sample.row(.disposed, reason: .killed, id: SessionID("sold1")!, terminal: 5),
            Sample.row(terminal: 5, createdAt: later),
            Sample.row(boot: "boot-before", id: SessionID("sold2")!, terminal: 6),
        ]
        #expect(
            EscapeQuestion.terminals(of: rows, bootID: Sample.boot)
                == [5: EscapeQuestion.Terminal(workspace: Sample.workspace, session: Sample.session)])
    }

    @Test func `is nobody once that session has ended: the number may be a stranger's by then`() {
        let rows = [
            Sample.row(id: SessionID("sold1")!, terminal: 5),
            Sample.row(.exited, reason: .exited, terminal: 5, createdAt: later),
        ]
        #expect(EscapeQuestion.terminals(of: rows, bootID: Sample.boot).isEmpty)
    }
}

@Suite struct `The owner of a POSIX session` {
    private let later = Sample.noon.addingTimeInterval(60)

    @Test func `is the session of this boot whose leader had its number last, ended or not`() {
        let rows = [
            Sample.row(.exited, reason: .exited, leader: Sample.leader, createdAt: later),
            Sample.row(leader: Sample.leader, id: SessionID("sold1")!),
            Sample.row(boot: "boot-before", leader: Sample.leader, id: SessionID("sold2")!, createdAt: later),
        ]
        #expect(
            EscapeQuestion.leaders(of: rows, bootID: Sample.boot)
                == [
                    Sample.leader.pid.rawValue: EscapeQuestion.Terminal(
                        workspace: Sample.workspace, session: Sample.session)
                ])
    }
}

@Suite struct `The manager's environment` {
    @Test func `tells whether a tag still means something`() {
        #expect(ManagerTags(environment: ["A=b", "CORRAL_INSTANCE=1f2e3d4c"], of: Sample.instance) == .present)
        #expect(ManagerTags(environment: ["A=b", "CORRAL_INSTANCE=99999999"], of: Sample.instance) == .absent)
    }
}
