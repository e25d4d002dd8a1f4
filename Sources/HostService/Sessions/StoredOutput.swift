import CgroupPty

/// What the manager has kept of a session that was over under an earlier host: the memory of its output, and in the name whose it is
/// and for which size of a terminal it was printed.
struct StoredOutput: ~Copyable {
    /// What the names of all of them begin with.
    static let prefix = "output-"

    let name: String
    private let memory: OwnedFileDescriptor

    /// Takes over a descriptor whose name begins with ``prefix``.
    init(_ descriptor: consuming InheritedDescriptors.Descriptor) {
        name = descriptor.name
        memory = descriptor.release()
    }

    /// The name that an output is stored under.
    static func name(of output: TerminalFeed) -> String {
        "\(prefix)\(output.session)-\(output.size.columns)x\(output.size.rows)"
    }

    /// Makes it readable again. The memory file is closed, and stays with the manager.
    /// - Throws: ``OutputRing/Refusal``: it is no output, or cannot be trusted.
    consuming func open() throws(OutputRing.Refusal) -> TerminalFeed {
        let words = name.dropFirst(Self.prefix.count).split(separator: "-" as Character)
        let numbers = words.last?.split(separator: "x" as Character).compactMap { Int($0) } ?? []
        guard words.count == 2, let session = SessionID(String(words[0])), numbers.count == 2,
            let size = WindowSize(columns: numbers[0], rows: numbers[1])
        else { throw OutputRing.Refusal(description: "its name is none of ours") }
        let feed = TerminalFeed(session: session, ring: try OutputRing.adopt(memory, session: session), size: size)
        feed.closeMemory()
        return feed
    }
}
