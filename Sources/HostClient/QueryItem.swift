/// One key of a request's query, with or without a value.
public struct QueryItem: Sendable, Equatable {
    /// The key.
    public var name: String
    /// Nil for a bare key, which the host reads as true.
    public var value: String?

    /// Makes an item from its parts.
    public init(_ name: String, _ value: String? = nil) {
        self.name = name
        self.value = value
    }
}
