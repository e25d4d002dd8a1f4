/// Which of several things a name means.
///
/// An id wins over a name. A name means the one living thing that has it, else the one that does not live any more. What
/// has the form of an id but is not listed may be one that the host still keeps a record of, so the host is asked.
enum NameResolution: Equatable, Sendable {
    case found(id: String)
    case ambiguous([NamedThing])
    /// Nothing listed has the name, but it could be an id.
    case unlisted(id: String)
    case nothing

    /// Looks for `name` among `things`.
    init(_ name: String, among things: [NamedThing]) {
        if things.contains(where: { $0.id == name }) {
            self = .found(id: name)
            return
        }
        let namesakes = things.filter { $0.name == name }
        let living = namesakes.filter(\.isLive)
        let candidates = living.isEmpty ? namesakes : living
        if let first = candidates.first {
            self = candidates.count == 1 ? .found(id: first.id) : .ambiguous(candidates)
        } else {
            self = Self.couldBeID(name) ? .unlisted(id: name) : .nothing
        }
    }

    /// The id to ask the host about.
    /// - Throws: ``CommandFailure`` when there is none or more than one.
    func id(for name: String, _ subject: CommandFailure.Subject) throws(CommandFailure) -> String {
        switch self {
        case .found(let id), .unlisted(let id): return id
        case .ambiguous(let candidates):
            throw .ambiguous(subject, name: name, candidates: candidates.map { "\($0.id)  \($0.distinction)" })
        case .nothing: throw .notFound(subject, name: name)
        }
    }

    /// Whether the text is `[a-z0-9]{4,32}`.
    static func couldBeID(_ text: String) -> Bool {
        (4...32).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
            }
    }
}
