/// Something that the user can name: by its id, or by a name that it need not have for itself.
struct NamedThing: Equatable, Sendable {
    /// The id.
    var id: String
    /// The name or title.
    var name: String
    /// Whether it lives. A name means the living before it means what is ending or over.
    var isLive: Bool
    /// What tells it from others of the same name, for people.
    var distinction: String
}
