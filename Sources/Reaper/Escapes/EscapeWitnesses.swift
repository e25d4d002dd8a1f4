public import CgroupPty

/// Processes that were seen where only processes of a workspace can be: in its slice, or on a terminal of it with its tag.
///
/// Taken before a workspace is ended. Afterwards the proof is gone: the kernel takes the controlling terminal from all
/// processes of a POSIX session when its leader exits, and what left the slice is in it no longer. A process is recognised by its
/// number and its start.
public struct EscapeWitnesses: Sendable, Equatable {
    /// Where it was seen.
    public enum Place: String, Sendable, Codable {
        case slice, terminal
    }

    /// What was seen of one process.
    public struct Sighting: Sendable, Equatable {
        /// Whose slice or terminal it was.
        public var workspace: WorkspaceID
        /// Where it was seen.
        public var place: Place

        /// Records a sighting.
        public init(workspace: WorkspaceID, place: Place) {
            self.workspace = workspace
            self.place = place
        }
    }

    /// The processes.
    public private(set) var sightings: [ProcessIdentity: Sighting] = [:]

    /// Nothing was seen.
    public init() {}

    /// Adds a process. Having been inside the slice says more than a terminal, and stays.
    public mutating func add(_ process: ProcessIdentity, _ sighting: Sighting) {
        if sightings[process]?.place == .slice, sighting.place == .terminal { return }
        sightings[process] = sighting
    }

    /// Adds what others have seen.
    public mutating func add(_ others: EscapeWitnesses) {
        for (process, sighting) in others.sightings { add(process, sighting) }
    }

    /// Keeps only processes of which `isAlive` says that they could live, and at most `limit`.
    mutating func keep(limit: Int, where isAlive: (ProcessIdentity) -> Bool) {
        sightings = sightings.filter { isAlive($0.key) }
        guard sightings.count > limit else { return }
        // The older a process, the longer it may outlive its workspace.
        let oldest = sightings.sorted { $0.key.startTicks < $1.key.startTicks }.prefix(limit)
        sightings = Dictionary(oldest.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}

extension EscapeWitnesses: Codable {
    private struct Item: Codable {
        var pid: Int32
        var start: UInt64
        var workspace: String
        var place: Place
    }

    /// Reads a list; an id that is none is an error.
    public init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd {
            let item = try list.decode(Item.self)
            guard let workspace = WorkspaceID(item.workspace) else {
                throw DecodingError.dataCorruptedError(in: list, debugDescription: "no workspace id: \(item.workspace)")
            }
            sightings[ProcessIdentity(pid: ProcessID(item.pid), startTicks: item.start)] =
                Sighting(workspace: workspace, place: item.place)
        }
    }

    /// Writes a list.
    public func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        for (process, sighting) in sightings {
            try list.encode(
                Item(
                    pid: process.pid.rawValue, start: process.startTicks, workspace: sighting.workspace.rawValue,
                    place: sighting.place))
        }
    }
}
