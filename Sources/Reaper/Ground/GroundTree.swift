import CgroupPty

/// The blocking part of a look: walks the cgroups, reads procfs.
///
/// A cgroup that vanishes during the walk is absent, as long as the manager's own is still there when the walk is over; an error is
/// kept beside the very piece that it concerns.
struct GroundTree: Sendable {
    let instance: InstanceID
    let ground: CgroupGround
    let procfs: Procfs
    /// Whom an earlier walk through procfs met, and where in its list each is.
    private var census: [ProcessDescription] = []
    private var seen: [ProcessID: Int] = [:]

    init(instance: InstanceID, ground: CgroupGround, procfs: Procfs) {
        self.instance = instance
        self.ground = ground
        self.procfs = procfs
    }

    /// The same, for right after a walk through procfs: whom the walk met in a cgroup need not be read again.
    func after(_ census: ProcessCensus?) -> GroundTree {
        var tree = self
        tree.census = census?.processes ?? []
        tree.seen.reserveCapacity(tree.census.count)
        for place in tree.census.indices { tree.seen[tree.census[place].identity.pid] = place }
        return tree
    }

    /// The slices of all workspaces.
    func slices(until deadline: Deadline) -> Reading<[WorkspaceID: Reading<SliceContents>]> {
        switch workspaces() {
        case .known(let workspaces): slices(of: workspaces[...], until: deadline)
        case .unknown(let reason): .unknown(reason)
        }
    }

    /// The workspaces that have a slice.
    func workspaces() -> Reading<[WorkspaceID]> {
        switch ground.look(SliceName.instance(instance).path) {
        case .absent: return .known([])
        case .unknown(let reason): return .unknown(reason)
        case .found(let top):
            do throws(SystemCallFailure) {
                let names = try top.childNames() ?? []
                if let reason = ground.doubtAboutAbsence() { return .unknown(reason) }
                return .known(
                    names.compactMap { name in
                        guard case .workspace(instance, let workspace) = SliceName(unit: name) else { return nil }
                        return workspace
                    })
            } catch {
                return .unknown("\(error)")
            }
        }
    }

    /// The slices of some workspaces. One that is gone is left out.
    func slices(
        of workspaces: ArraySlice<WorkspaceID>, until deadline: Deadline
    ) -> Reading<[WorkspaceID: Reading<SliceContents>]> {
        var slices: [WorkspaceID: Reading<SliceContents>] = [:]
        for workspace in workspaces {
            if deadline.hasPassed { return .unknown(GroundReader.late) }
            switch slice(workspace) {
            case .known(.none): break
            case .known(.some(let contents)): slices[workspace] = .known(contents)
            case .unknown(let reason): slices[workspace] = .unknown(reason)
            }
        }
        if let reason = ground.doubtAboutAbsence() { return .unknown(reason) }
        return .known(slices)
    }

    /// One workspace's slice; nil contents stand for a slice that is absent.
    func slice(_ workspace: WorkspaceID) -> Reading<SliceContents?> {
        let name = SliceName.workspace(instance, workspace)
        switch ground.look(name.path) {
        case .absent: return .known(nil)
        case .unknown(let reason): return .unknown(reason)
        case .found(let slice):
            do throws(SystemCallFailure) {
                guard let isPopulated = try slice.events()?.isPopulated else { return absentNow() }
                var scopes: [SessionID: Presence] = [:]
                var strangers: [SliceContents.Stranger] = []
                if let direct = try slice.ownMembers(), !direct.isEmpty {
                    strangers.append(
                        SliceContents.Stranger(path: name.path, members: identities(direct, in: slice.path)))
                }
                for child in try slice.childNames() ?? [] {
                    let presence = presence(of: child, in: slice)
                    if let scope = ScopeName(unit: child), scope.slice == name {
                        scopes[scope.session] = presence
                    } else {
                        let path = name.path.appending(child)
                        switch presence {
                        case .populated(let members):
                            strangers.append(SliceContents.Stranger(path: path, members: members))
                        case .unknown(let reason):
                            strangers.append(SliceContents.Stranger(path: path, members: .unknown(reason)))
                        case .empty, .absent: break
                        }
                    }
                }
                if let reason = ground.doubtAboutAbsence() { return .unknown(reason) }
                return .known(SliceContents(isPopulated: isPopulated, scopes: scopes, strangers: strangers))
            } catch {
                return .unknown("\(error)")
            }
        }
    }

    /// One session's scope.
    func presence(of scope: ScopeName) -> Presence {
        switch ground.look(scope.path) {
        case .absent: .absent
        case .unknown(let reason): .unknown(reason)
        case .found(let cgroup): presence(of: cgroup)
        }
    }

    /// Populated scopes of other instances.
    func foreign() -> Reading<[ScopeName]> {
        switch ground.look(CgroupPath(components: ["corral.slice"])) {
        case .absent: return .known([])
        case .unknown(let reason): return .unknown(reason)
        case .found(let all):
            do throws(SystemCallFailure) {
                var found: [ScopeName] = []
                for name in try all.childNames() ?? [] {
                    guard case .instance(let other) = SliceName(unit: name), other != instance,
                        let slice = try all.child(CgroupPath(components: [name]))
                    else { continue }
                    found += try populatedScopes(of: other, in: slice)
                }
                return .known(found.sorted { $0.unit < $1.unit })
            } catch {
                return .unknown("\(error)")
            }
        }
    }

    /// Looks for the leaders of scopes that hold nothing.
    func leaders(
        _ leaders: [ScopeName: ProcessIdentity], without slices: Reading<[WorkspaceID: Reading<SliceContents>]>
    ) -> [ScopeName: LeaderPlace] {
        guard case .known(let slices) = slices else { return [:] }
        return leaders.reduce(into: [:]) { found, leader in
            let scope = leader.key
            if case .populated = slices[scope.workspace]?.value?.scopes[scope.session] { return }
            found[scope] = place(of: leader.value)
        }
    }

    /// Where a leader is.
    func place(of leader: ProcessIdentity) -> LeaderPlace {
        do throws(SystemCallFailure) {
            guard let stat = try procfs.stat(leader.pid), stat.identity == leader, !stat.hasEnded else {
                return .exited
            }
            guard let cgroup = try procfs.cgroup(leader.pid) else { return .exited }
            switch cgroup {
            case .path(let path): return .elsewhere("\(path)")
            case .removed, .outside: return .elsewhere("a cgroup that is not visible from here")
            }
        } catch {
            return .unknown("\(error)")
        }
    }

    private func populatedScopes(
        of other: InstanceID, in slice: CgroupDirectory
    ) throws(SystemCallFailure) -> [ScopeName] {
        var found: [ScopeName] = []
        for name in try slice.childNames() ?? [] {
            guard case .workspace(other, _) = SliceName(unit: name),
                let workspace = try slice.child(CgroupPath(components: [name]))
            else { continue }
            for unit in try workspace.childNames() ?? [] {
                guard let scope = ScopeName(unit: unit), scope.instance == other,
                    let cgroup = try workspace.child(CgroupPath(components: [unit])),
                    try cgroup.events()?.isPopulated == true
                else { continue }
                found.append(scope)
            }
        }
        return found
    }

    private func presence(of name: String, in slice: CgroupDirectory) -> Presence {
        do throws(SystemCallFailure) {
            guard let cgroup = try slice.child(CgroupPath(components: [name])) else { return .absent }
            return presence(of: cgroup)
        } catch {
            return .unknown("\(error)")
        }
    }

    private func presence(of cgroup: CgroupDirectory) -> Presence {
        do throws(SystemCallFailure) {
            guard let events = try cgroup.events() else {
                if let reason = ground.doubtAboutAbsence() { return .unknown(reason) }
                return .absent
            }
            guard events.isPopulated else { return .empty }
        } catch {
            return .unknown("\(error)")
        }
        // That it is populated stands, whatever the list of its members comes to.
        do throws(SystemCallFailure) {
            return .populated(identities(try cgroup.members(), in: cgroup.path))
        } catch {
            return .populated(.unknown("\(error)"))
        }
    }

    private func identities(_ members: [ProcessID], in cgroup: CgroupPath) -> Reading<[ProcessIdentity]> {
        do throws(SystemCallFailure) {
            var found: [ProcessIdentity] = []
            for pid in members {
                // It was in this very place before. Should the number be another's by now, that one is in it too.
                if let place = seen[pid], case .known(.path(let path)) = census[place].cgroup, path.isAtOrBelow(cgroup)
                {
                    found.append(census[place].identity)
                } else if let stat = try procfs.stat(pid) {
                    found.append(stat.identity)
                }
            }
            return .known(found)
        } catch {
            return .unknown("\(error)")
        }
    }

    private func absentNow() -> Reading<SliceContents?> {
        if let reason = ground.doubtAboutAbsence() { return .unknown(reason) }
        return .known(nil)
    }
}
