public import HostProtocol

/// The records of deletes.
extension HostClient {
    /// Receipts, the newest first; those of one workspace when it is named.
    public func receipts(workspace: String? = nil) async throws(HostClientFailure) -> [ReceiptDocument] {
        try await document(.get, "/v1/receipts", query: workspace.map { [QueryItem("workspace", $0)] } ?? []).document
    }

    /// One receipt.
    public func receipt(_ id: String) async throws(HostClientFailure) -> ReceiptDocument {
        try await document(.get, "/v1/receipts/\(RequestTarget.escape(id))").document
    }
}
