import FoundationEssentials
import HostProtocol

/// What a request's body must look like: which fields it may have and of which kind each is.
///
/// Synthesised decoding drops a field that it does not know. A misspelt `on_exit` would then be a session that
/// behaves as it was not asked to, so every body is held against its shape first, and the answer names what does not
/// fit. Only what the shape knows is looked at, once, so that the cost is that of reading the body.
indirect enum JSONShape: Sendable {
    case text
    case wholeNumber
    /// A number of bytes since a beginning: 0 to 2^64-1.
    case position
    case number
    case truth
    /// A value that people write as they like: `"4G"` or `4294967296`.
    case textOrNumber
    case texts
    /// An object of texts with any keys.
    case textByName
    /// One of these texts.
    case word([String])
    case object([String: Field])

    /// A field of an object.
    struct Field: Sendable {
        let shape: JSONShape
        let isRequired: Bool

        /// A field that may be absent or `null`.
        static func optional(_ shape: JSONShape) -> Field { Field(shape: shape, isRequired: false) }
        /// A field that must be there.
        static func required(_ shape: JSONShape) -> Field { Field(shape: shape, isRequired: true) }
    }

    /// Reads a body of this shape.
    /// - Throws: ``HostFailure/invalidRequest(_:)``, which names the field and what was expected there.
    func read<Document: Decodable>(_ type: Document.Type, from body: [UInt8]) throws(HostFailure) -> Document {
        guard !body.isEmpty else { throw Self.refused("a JSON object is wanted and none came") }
        let data = Data(body)
        let decoder = JSONDecoder()
        if let key = Probe.key { decoder.userInfo[key] = self }
        do {
            _ = try decoder.decode(Probe.self, from: data)
            return try WireCoding.decode(type, from: data)
        } catch let failure as HostFailure {
            throw failure
        } catch {
            throw Self.refused("this is not JSON")
        }
    }

    /// Looks at a value from within the decoder, where keys are still as they came.
    private struct Probe: Decodable {
        static let key = CodingUserInfoKey(rawValue: "shape")

        init(from decoder: any Decoder) throws {
            guard let key = Self.key, let shape = decoder.userInfo[key] as? JSONShape else {
                throw JSONShape.refused("there is no shape to hold it against")
            }
            try shape.check(decoder, at: "")
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    // MARK: Checks

    private func check(_ decoder: any Decoder, at path: String) throws {
        switch self {
        case .text:
            _ = try value(String.self, decoder, at: path)
        case .wholeNumber:
            guard Int(exactly: try value(Double.self, decoder, at: path)) != nil else { throw mismatch(decoder, path) }
        case .position:
            _ = try value(UInt64.self, decoder, at: path)
        case .number:
            _ = try value(Double.self, decoder, at: path)
        case .textOrNumber:
            guard let value = attempt({ try decoder.singleValueContainer() }),
                attempt({ try value.decode(String.self) }) != nil || attempt({ try value.decode(Double.self) }) != nil
            else { throw mismatch(decoder, path) }
        case .truth:
            _ = try value(Bool.self, decoder, at: path)
        case .word(let words):
            guard words.contains(try value(String.self, decoder, at: path)) else { throw mismatch(decoder, path) }
        case .texts:
            guard var items = attempt({ try decoder.unkeyedContainer() }) else { throw mismatch(decoder, path) }
            var index = 0
            while !items.isAtEnd {
                try JSONShape.text.check(items.superDecoder(), at: "\(path)[\(index)]")
                index += 1
            }
        case .textByName:
            let fields = try object(decoder, path)
            for key in fields.allKeys {
                try JSONShape.text.check(fields.superDecoder(forKey: key), at: "\(path).\(key.stringValue)")
            }
        case .object(let known):
            try checkFields(object(decoder, path), known, at: path.isEmpty ? "" : path + ".")
        }
    }

    private func checkFields(
        _ fields: KeyedDecodingContainer<Key>, _ known: [String: Field], at prefix: String
    ) throws {
        for key in fields.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
            guard let field = known[key.stringValue] else {
                let names = known.keys.sorted().joined(separator: ", ")
                throw Self.refused("the field `\(prefix)\(key.stringValue)` is not known (known: \(names))")
            }
            if !field.isRequired, try fields.decodeNil(forKey: key) { continue }
            try field.shape.check(fields.superDecoder(forKey: key), at: prefix + key.stringValue)
        }
        for (name, field) in known.sorted(by: { $0.key < $1.key })
        where field.isRequired && !fields.contains(Key(stringValue: name)) {
            throw Self.refused("the field `\(prefix)\(name)` is missing")
        }
    }

    private func value<Value: Decodable>(_ type: Value.Type, _ decoder: any Decoder, at path: String) throws -> Value {
        guard let value = attempt({ try decoder.singleValueContainer().decode(type) }) else {
            throw mismatch(decoder, path)
        }
        return value
    }

    private func object(_ decoder: any Decoder, _ path: String) throws -> KeyedDecodingContainer<Key> {
        guard let fields = attempt({ try decoder.container(keyedBy: Key.self) }) else { throw mismatch(decoder, path) }
        return fields
    }

    /// What a decoder has, nil when it has something else.
    private func attempt<Value>(_ body: () throws -> Value) -> Value? {
        do { return try body() } catch { return nil }
    }

    // MARK: Texts

    private func mismatch(_ decoder: any Decoder, _ path: String) -> HostFailure {
        Self.refused("\(path.isEmpty ? "it" : "`\(path)`") must be \(expected), and not \(kind(of: decoder))")
    }

    private var expected: String {
        switch self {
        case .text: "a text"
        case .wholeNumber: "a whole number"
        case .position: "a whole number from 0 on"
        case .number: "a number"
        case .truth: "true or false"
        case .textOrNumber: "a text or a number"
        case .texts: "an array of texts"
        case .textByName: "an object of texts"
        case .word(let words): "one of " + words.joined(separator: ", ")
        case .object: "an object"
        }
    }

    private func kind(of decoder: any Decoder) -> String {
        if let value = attempt({ try decoder.singleValueContainer() }) {
            if value.decodeNil() { return "null" }
            if let text = attempt({ try value.decode(String.self) }) {
                return text.count <= 32 ? "\"\(text)\"" : "a text"
            }
            if let truth = attempt({ try value.decode(Bool.self) }) { return "\(truth)" }
            if let number = attempt({ try value.decode(Double.self) }) {
                return Int(exactly: number).map { "\($0)" } ?? "\(number)"
            }
        }
        return attempt({ try decoder.unkeyedContainer() }) != nil ? "an array" : "an object"
    }

    private static func refused(_ reason: String) -> HostFailure {
        .invalidRequest("body: \(reason); nothing was done")
    }
}
