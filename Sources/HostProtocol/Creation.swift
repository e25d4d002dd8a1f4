/// The answer to a request that makes something.
public struct Creation<Document: Sendable & Equatable>: Sendable, Equatable {
    /// What is there now.
    public var document: Document
    /// False when an object of the same id and parameters was there before.
    public var isNew: Bool

    /// Makes an answer from its parts.
    public init(document: Document, isNew: Bool) {
        self.document = document
        self.isNew = isNew
    }
}
