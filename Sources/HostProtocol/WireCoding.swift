public import FoundationEssentials

/// How documents become bytes: JSON, snake_case keys, sorted, one line, no escaped slashes.
///
/// Both ends use these functions and nothing else, so that the two cannot drift apart.
public enum WireCoding {
    /// Writes a document as one line of JSON, without a newline at its end.
    /// - Throws: `EncodingError`, for a value that JSON cannot hold (a number that is not finite).
    public static func encode(_ document: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(document)
    }

    /// Writes a document as text, for a terminal, a text frame or a column.
    /// - Throws: as ``encode(_:)``.
    public static func text(of document: some Encodable) throws -> String {
        String(decoding: try encode(document), as: UTF8.self)
    }

    /// Reads a document from text.
    /// - Throws: `DecodingError`, which names the key and what was expected there.
    public static func decode<Document: Decodable>(_ type: Document.Type, from text: String) throws -> Document {
        try decode(type, from: Data(text.utf8))
    }

    /// Reads a document.
    /// - Throws: `DecodingError`, which names the key and what was expected there.
    public static func decode<Document: Decodable>(_ type: Document.Type, from data: Data) throws -> Document {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: data)
    }
}
