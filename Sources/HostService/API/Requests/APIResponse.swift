import FoundationEssentials
import HostProtocol
import NIOCore
import NIOHTTP1

/// A whole answer.
struct APIResponse: Sendable {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: ByteBuffer
    /// Whether the body is only announced: the answer to HEAD.
    var isHeadOnly = false

    private init(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ body: ByteBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
        if status != .noContent {
            self.headers.replaceOrAdd(name: "content-length", value: String(body.readableBytes))
        }
    }

    /// A document as JSON.
    /// - Throws: `EncodingError`, for a value that JSON cannot hold.
    static func document(
        _ status: HTTPResponseStatus, _ document: some Encodable, headers: HTTPHeaders = [:]
    ) throws -> APIResponse {
        try APIResponse(status, json("application/json", headers), ByteBuffer(bytes: WireCoding.encode(document)))
    }

    /// Bytes that are JSON already.
    static func json(_ bytes: [UInt8]) -> APIResponse {
        APIResponse(.ok, json("application/json", [:]), ByteBuffer(bytes: bytes))
    }

    /// Done, and there is nothing to say about it.
    static var noContent: APIResponse { APIResponse(.noContent, [:], ByteBuffer()) }

    /// The answer to HEAD for what would be sent while it is made, so that nobody knows its length.
    static func head(_ headers: HTTPHeaders) -> APIResponse {
        var response = APIResponse(.ok, headers, ByteBuffer())
        response.headers.remove(name: "content-length")
        response.isHeadOnly = true
        return response
    }

    /// A text of some media type.
    static func text(_ text: String, type: String) -> APIResponse {
        APIResponse(.ok, ["content-type": type], ByteBuffer(string: text))
    }

    /// Raw bytes.
    static func bytes(_ bytes: [UInt8], headers: HTTPHeaders) -> APIResponse {
        var headers = headers
        headers.replaceOrAdd(name: "content-type", value: "application/octet-stream")
        return APIResponse(.ok, headers, ByteBuffer(bytes: bytes))
    }

    /// An error as `application/problem+json`.
    static func problem(_ error: APIError) -> APIResponse {
        let body: ByteBuffer
        do {
            body = ByteBuffer(bytes: try WireCoding.encode(error.document))
        } catch {
            // A document of four strings and a small number can always be written; a status without one still tells.
            body = ByteBuffer()
        }
        return APIResponse(error.status, json("application/problem+json", error.headers), body)
    }

    private static func json(_ type: String, _ headers: HTTPHeaders) -> HTTPHeaders {
        var headers = headers
        headers.replaceOrAdd(name: "content-type", value: type)
        return headers
    }
}
