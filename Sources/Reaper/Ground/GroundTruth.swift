public import CgroupPty

/// One look at what lives below an instance's slice, and at what systemd thinks of it.
///
/// Each piece is three-valued. A slice that could not be listed makes all sessions of its workspace unknown, a tree that could not
/// be listed makes everything unknown; what is not listed is absent only in a list that was read to its end (I3).
public struct GroundTruth: Sendable, Equatable {
    /// Whose slice was looked at.
    public let instance: InstanceID
    /// The workspaces' slices. A workspace that is not here has none.
    public let slices: Reading<[WorkspaceID: Reading<SliceContents>]>
    /// Populated scopes of other instances: listed, never acted on.
    public let foreign: Reading<[ScopeName]>
    /// Units of systemd whose names begin with the instance's prefix.
    public let units: Reading<[SystemdManager.Unit]>
    /// Leaders that were asked for and whose scopes held nothing.
    public let leaders: [ScopeName: LeaderPlace]

    /// Gathers what was seen.
    public init(
        instance: InstanceID, slices: Reading<[WorkspaceID: Reading<SliceContents>]>, foreign: Reading<[ScopeName]>,
        units: Reading<[SystemdManager.Unit]>, leaders: [ScopeName: LeaderPlace]
    ) {
        self.instance = instance
        self.slices = slices
        self.foreign = foreign
        self.units = units
        self.leaders = leaders
    }

    /// A look that saw nothing.
    public static func unknown(_ instance: InstanceID, _ reason: String) -> GroundTruth {
        GroundTruth(
            instance: instance, slices: .unknown(reason), foreign: .unknown(reason), units: .unknown(reason),
            leaders: [:])
    }

    /// What is known of a session's scope.
    public func presence(of scope: ScopeName) -> Presence {
        guard scope.instance == instance else { return .unknown("it belongs to instance \(scope.instance)") }
        switch slices {
        case .unknown(let reason): return .unknown(reason)
        case .known(let slices):
            switch slices[scope.workspace] {
            case nil: return .absent
            case .unknown(let reason): return .unknown(reason)
            case .known(let contents): return contents.scopes[scope.session] ?? .absent
            }
        }
    }

    /// What is known of a workspace's slice as a whole.
    public func presence(of workspace: WorkspaceID) -> Presence {
        switch slices {
        case .unknown(let reason): return .unknown(reason)
        case .known(let slices):
            switch slices[workspace] {
            case nil: return .absent
            case .unknown(let reason): return .unknown(reason)
            case .known(let contents): return contents.isPopulated ? .populated(contents.members) : .empty
            }
        }
    }

    /// The processes that were seen inside the slices, and whose slice it was.
    var members: [ProcessIdentity: WorkspaceID] {
        var members: [ProcessIdentity: WorkspaceID] = [:]
        for (workspace, contents) in slices.value ?? [:] {
            for process in contents.value?.members.value ?? [] { members[process] = workspace }
        }
        return members
    }
}

extension SliceContents {
    /// All processes in it; unknown as soon as one part is.
    var members: Reading<[ProcessIdentity]> {
        var all: [ProcessIdentity] = []
        for presence in scopes.values {
            switch presence {
            case .populated(.known(let members)): all += members
            case .populated(.unknown(let reason)), .unknown(let reason): return .unknown(reason)
            case .empty, .absent: break
            }
        }
        for stranger in strangers {
            switch stranger.members {
            case .known(let members): all += members
            case .unknown(let reason): return .unknown(reason)
            }
        }
        return .known(all)
    }
}
