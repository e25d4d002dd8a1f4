import FoundationEssentials
import HostProtocol

/// Learns the JSON schema of a wire type from the type itself, by having it decode from a decoder that has no input: it writes down what
/// is asked for, and hands out examples. So the schema cannot say anything else than what is served.
///
/// A type that a document holds becomes a schema of its own, referred to by its name.
final class SchemaReader {
    /// The schemas so far, by name.
    private(set) var schemas: [String: SchemaValue] = [:]

    /// A wire type that cannot be read this way.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The schema of a type, a reference where it is an object.
    func schema(of type: any Decodable.Type) throws -> SchemaValue {
        if let plain = type as? any SchemaSource.Type { return try plain.schema(self) }
        if let words = Self.words(of: type) { return ["type": "string", "enum": .array(words.map { .text($0) })] }
        let name = Self.name(of: type)
        if schemas[name] == nil { _ = try example(type) }
        return ["$ref": .text("#/components/schemas/\(name)")]
    }

    /// `PortDocument.Holder` is `PortHolder`, `PortDocument` is `Port`.
    static func name(of type: any Decodable.Type) -> String {
        if let described = type as? any DescribedType.Type { return described.describedName }
        return String(reflecting: type).split(separator: ".").dropFirst().map { part in
            part.hasSuffix("Document") ? String(part.dropLast("Document".count)) : String(part)
        }.joined()
    }

    /// The words of an enumeration; nil for another type.
    private static func words(of type: any Decodable.Type) -> [String]? {
        func all<Words: CaseIterable>(_ type: Words.Type) -> [String] {
            type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
        }
        guard let type = type as? any CaseIterable.Type else { return nil }
        return all(type)
    }

    /// Some value of a type, whose schema is known from then on.
    fileprivate func example<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let type = type as? any CaseIterable.Type, let first = type.first as? Value { return first }
        if let plain = type as? any SchemaSource.Type {
            _ = try plain.schema(self)
            guard let value = plain.example as? Value else { throw Failure(description: "no example of \(type)") }
            return value
        }
        let fields = Fields()
        let value = try Value(from: SchemaDecoder(reader: self, fields: fields))
        schemas[Self.name(of: type)] = [
            "type": "object", "properties": .object(fields.properties),
            "required": .array(
                fields.properties.keys.filter { !fields.optional.contains($0) }.sorted().map { .text($0) }),
            "additionalProperties": false,
        ]
        return value
    }

    /// What an object was asked for.
    fileprivate final class Fields {
        var properties: [String: SchemaValue] = [:]
        var optional: Set<String> = []
    }
}

extension CaseIterable {
    fileprivate static var first: Self? { allCases.first { _ in true } }
}

/// A type whose schema has no name.
protocol SchemaSource {
    static func schema(_ reader: SchemaReader) throws -> SchemaValue
    /// Any value.
    static var example: Self { get }
}

extension String: SchemaSource {
    static func schema(_ reader: SchemaReader) -> SchemaValue { ["type": "string"] }
    static var example: String { "" }
}
extension Bool: SchemaSource {
    static func schema(_ reader: SchemaReader) -> SchemaValue { ["type": "boolean"] }
    static var example: Bool { false }
}
extension Int: SchemaSource {
    static func schema(_ reader: SchemaReader) -> SchemaValue { ["type": "integer"] }
    static var example: Int { 0 }
}
extension Int64: SchemaSource {
    static func schema(_ reader: SchemaReader) -> SchemaValue { ["type": "integer"] }
    static var example: Int64 { 0 }
}
extension UInt64: SchemaSource {
    static func schema(_ reader: SchemaReader) -> SchemaValue {
        ["type": "integer", "minimum": 0, "maximum": .whole(.max)]
    }
    static var example: UInt64 { 0 }
}
extension Double: SchemaSource {
    static func schema(_ reader: SchemaReader) -> SchemaValue { ["type": "number"] }
    static var example: Double { 0 }
}
extension Timestamp: SchemaSource {
    static func schema(_ reader: SchemaReader) -> SchemaValue { ["type": "string", "format": "date-time"] }
    static var example: Timestamp { Timestamp(.distantPast) }
}
extension Array: SchemaSource where Element: Decodable {
    static func schema(_ reader: SchemaReader) throws -> SchemaValue {
        ["type": "array", "items": try reader.schema(of: Element.self)]
    }
    static var example: [Element] { [] }
}
extension Dictionary: SchemaSource where Key == String, Value: Decodable {
    static func schema(_ reader: SchemaReader) throws -> SchemaValue {
        ["type": "object", "additionalProperties": try reader.schema(of: Value.self)]
    }
    static var example: [String: Value] { [:] }
}
extension Optional: SchemaSource where Wrapped: Decodable {
    static func schema(_ reader: SchemaReader) throws -> SchemaValue { try reader.schema(of: Wrapped.self).orNull }
    static var example: Wrapped? { nil }
}
extension ExplicitNull: SchemaSource {
    static func schema(_ reader: SchemaReader) throws -> SchemaValue { try reader.schema(of: Value.self).orNull }
    static var example: ExplicitNull { ExplicitNull(wrappedValue: nil) }
}

/// Gives a wire type examples of what it asks for.
private struct SchemaDecoder: Decoder {
    let reader: SchemaReader
    let fields: SchemaReader.Fields
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Keyed<Key>(reader: reader, fields: fields))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw SchemaReader.Failure(description: "an array without a type")
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        throw SchemaReader.Failure(description: "a value without a schema: it needs to be a SchemaSource")
    }

    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let reader: SchemaReader
        let fields: SchemaReader.Fields
        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { [] }

        /// Asked before an optional field is decoded, and never before one that must be there.
        func contains(_ key: Key) -> Bool {
            fields.optional.insert(Self.name(key))
            return true
        }

        func decodeNil(forKey key: Key) -> Bool { false }

        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            let name = Self.name(key)
            fields.properties[name] = try reader.schema(of: type)
            // Written as `null` when there is none, and never left out; any other optional is left out.
            if type is any ExplicitlyNull.Type { fields.optional.remove(name) }
            return try reader.example(type)
        }

        func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<NestedKey> { throw unnamed(key) }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw unnamed(key) }
        func superDecoder() throws -> any Decoder { throw SchemaReader.Failure(description: "a class") }
        func superDecoder(forKey key: Key) throws -> any Decoder { throw unnamed(key) }

        private func unnamed(_ key: Key) -> SchemaReader.Failure {
            SchemaReader.Failure(description: "the field \(key.stringValue) has no type of its own")
        }

        /// As ``WireCoding`` writes it.
        private static func name(_ key: Key) -> String {
            key.stringValue.reduce(into: "") { name, letter in
                name += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
            }
        }
    }
}

/// What an ``ExplicitNull`` is, whatever it wraps.
private protocol ExplicitlyNull {}
extension ExplicitNull: ExplicitlyNull {}
