import NIOCore
import NIOHTTP1

/// A whole request.
struct APIRequest: Sendable {
    let method: HTTPMethod
    /// Which HTTP the client speaks.
    let version: HTTPVersion
    /// The target before its `?`, as it was sent.
    let path: Substring
    /// The target after its `?`, as it was sent; empty without one.
    let query: Substring
    let headers: HTTPHeaders
    let body: ByteBuffer

    /// Makes a request from what was read.
    init(head: HTTPRequestHead, body: ByteBuffer) {
        method = head.method
        version = head.version
        let parts = head.uri.split(separator: "?" as Character, maxSplits: 1, omittingEmptySubsequences: false)
        path = parts[0]
        query = parts.count > 1 ? parts[1] : ""
        headers = head.headers
        self.body = body
    }

    /// The items of a header that is a list, in lower case: `Connection: keep-alive, Upgrade`.
    func tokens(of header: String) -> [String] {
        headers[canonicalForm: header].map { $0.lowercased() }
    }
}
