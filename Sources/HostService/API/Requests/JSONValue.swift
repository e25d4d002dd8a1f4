import FoundationEssentials
import HostProtocol

/// Any JSON, as it came: keys are not converted.
enum JSONValue: Decodable, Sendable, Equatable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Reads a value by trying what it could be.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else {
            self = try Self.decode(container)
        }
    }

    private static func decode(_ container: any SingleValueDecodingContainer) throws -> JSONValue {
        func value<Value: Decodable>(_ type: Value.Type) -> Value? {
            do { return try container.decode(type) } catch { return nil }
        }
        if let text = value(String.self) { return .text(text) }
        if let boolean = value(Bool.self) { return .boolean(boolean) }
        if let number = value(Double.self) { return .number(number) }
        if let array = value([JSONValue].self) { return .array(array) }
        return .object(try container.decode([String: JSONValue].self))
    }

    /// What the value is, in a sentence.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "true or false"
        case .number: "a number"
        case .text: "a text"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
