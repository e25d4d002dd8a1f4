/// A piece of JSON of a schema or of the OpenAPI document: keys are as they are written here, and not those of wire types.
indirect enum SchemaValue: Encodable, Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByIntegerLiteral
{
    case null
    case truth(Bool)
    case whole(UInt64)
    case text(String)
    case array([SchemaValue])
    case object([String: SchemaValue])

    init(stringLiteral value: String) { self = .text(value) }
    init(booleanLiteral value: Bool) { self = .truth(value) }
    init(integerLiteral value: UInt64) { self = .whole(value) }
    init(arrayLiteral elements: SchemaValue...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, SchemaValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }

    /// As a schema: this, or `null`.
    var orNull: SchemaValue { ["anyOf": [self, ["type": "null"]]] }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .truth(let value): try value.encode(to: encoder)
        case .whole(let value): try value.encode(to: encoder)
        case .text(let value): try value.encode(to: encoder)
        case .array(let value): try value.encode(to: encoder)
        case .object(let value): try value.encode(to: encoder)
        }
    }
}
