import CgroupPty
import Glibc

/// The blocking part of a look at ports: first where the processes are, then what waits there, then who of them has it open.
///
/// What is opened or closed during the walk is seen or not. A process that ends during it is no gap: its ports went with it, or to a child,
/// of which the sockets that wait still tell (``PortLook/couldHide(_:of:)``).
struct PortWalk {
    private struct Member {
        let process: ProcessIdentity
        let workspace: WorkspaceID
        let session: SessionID?
    }

    /// Processes at ports that are remembered at most, one for each port that it is at (I8): a server that lets a thousand workers
    /// inherit sixty ports fits.
    private static let holderLimit = 65_536

    private let procfs: Procfs
    private var holders = 0
    private var members: [Member] = []
    private var look = PortLook()
    private var ports: [OpenPort.Identity: OpenPort] = [:]

    /// Begins with no process.
    init(_ procfs: Procfs) {
        self.procfs = procfs
    }

    /// Adds the processes of a workspace's slice.
    mutating func add(_ contents: Reading<SliceContents>, of workspace: WorkspaceID) {
        switch contents {
        case .unknown(let reason): note(reason, workspace)
        case .known(let contents):
            for (session, presence) in contents.scopes {
                switch presence {
                case .populated(let processes): add(processes, workspace, session)
                case .unknown(let reason): note(reason, workspace)
                case .empty, .absent: break
                }
            }
            for stranger in contents.strangers { add(stranger.members, workspace, nil) }
        }
    }

    private mutating func add(
        _ processes: Reading<[ProcessIdentity]>, _ workspace: WorkspaceID, _ session: SessionID?
    ) {
        switch processes {
        case .known(let processes):
            members += processes.map { Member(process: $0, workspace: workspace, session: session) }
        case .unknown(let reason): note(reason, workspace)
        }
    }

    /// Looks into the processes.
    /// - Returns: unknown when the deadline passed on the way, or the own network namespace could not be read.
    mutating func finish(until deadline: Deadline) -> Reading<PortLook> {
        var namespaces: [UInt64: [ProcessID]] = [:]
        do throws(SystemCallFailure) {
            let own = ProcessID(getpid())
            look.ownNamespace = try procfs.networkNamespace(own) ?? 0
            namespaces[look.ownNamespace] = [own]
        } catch {
            return .unknown("\(error)")
        }
        var legible: [Member] = []
        for member in members {
            if deadline.hasPassed { return .unknown(GroundReader.late) }
            do throws(SystemCallFailure) {
                guard let namespace = try procfs.networkNamespace(member.process.pid) else { continue }
                namespaces[namespace, default: []].append(member.process.pid)
                legible.append(member)
            } catch {
                note("\(error)", member.workspace)
            }
        }
        let sockets = sockets(in: namespaces)
        for member in legible {
            if deadline.hasPassed { return .unknown(GroundReader.late) }
            do throws(SystemCallFailure) {
                // Nobody waits anywhere: who has what open need not be read.
                if !sockets.isEmpty { try look(into: member, sockets) }
                look.processes += 1
            } catch {
                note("\(error)", member.workspace)
            }
        }
        for id in ports.keys {
            ports[id]?.holders.sort {
                ($0.process.startTicks, $0.process.pid) < ($1.process.startTicks, $1.process.pid)
            }
        }
        look.ports = Array(ports.values)
        return .known(look)
    }

    /// All that waits in some namespaces, by inode. Each is read through the first of its processes that is still there.
    private mutating func sockets(in namespaces: [UInt64: [ProcessID]]) -> [UInt64: OpenPort.Place] {
        var sockets: [UInt64: OpenPort.Place] = [:]
        for (namespace, processes) in namespaces {
            do throws(SystemCallFailure) {
                for pid in processes {
                    guard let bound = try procfs.boundSockets(seenBy: pid) else { continue }
                    // Whoever has the number by now may be elsewhere.
                    guard try procfs.networkNamespace(pid) == namespace else { continue }
                    for socket in bound {
                        let place = OpenPort.Place(socket, in: namespace)
                        sockets[socket.inode] = place
                        look.waiting.insert(socket.inode)
                        look.taken[namespace, default: []].insert(place)
                    }
                    if namespace == look.ownNamespace { look.ownSockets = Set(bound.map(\.inode)) }
                    break
                }
            } catch {
                note("\(error)", nil)
            }
        }
        return sockets
    }

    private mutating func look(into member: Member, _ sockets: [UInt64: OpenPort.Place]) throws(SystemCallFailure) {
        guard let open = try procfs.socketInodes(member.process.pid) else { return }
        let waiting = open.filter { sockets[$0] != nil }
        // Its command, and that the number is still its own.
        guard !waiting.isEmpty, let stat = try procfs.stat(member.process.pid), stat.identity == member.process else {
            return
        }
        let holder = OpenPort.Holder(process: member.process, command: stat.command, session: member.session)
        for inode in waiting {
            guard let place = sockets[inode] else { continue }
            let id = OpenPort.Identity(workspace: member.workspace, place: place)
            ports[id, default: OpenPort(id: id, inodes: [], holders: [])].inodes.insert(inode)
            // Two sockets of one process can be one port.
            if ports[id]?.holders.last == holder { continue }
            guard holders < Self.holderLimit else {
                return note("more than \(Self.holderLimit) processes at ports; the rest is left out", nil)
            }
            holders += 1
            ports[id]?.holders.append(holder)
        }
    }

    private mutating func note(_ reason: String, _ workspace: WorkspaceID?) {
        look.gaps.append(PortLook.Gap(workspace: workspace, reason: reason))
    }
}
