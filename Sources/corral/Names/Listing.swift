import HostClient

/// A list that several arguments are looked up in, fetched once; or why it could not be fetched, for each of them.
struct Listing<Element: Sendable>: Sendable {
    private let result: Result<[Element], HostClientFailure>

    /// Fetches the list.
    init(_ fetch: () async throws(HostClientFailure) -> [Element]) async {
        do {
            result = .success(try await fetch())
        } catch {
            result = .failure(error)
        }
    }

    /// The list.
    func get() throws(HostClientFailure) -> [Element] {
        try result.get()
    }
}
