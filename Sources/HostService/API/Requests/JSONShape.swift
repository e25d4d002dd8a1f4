import FoundationEssentials
import HostProtocol

/// What a request's body must look like: which fields it may have and of which kind each is.
///
/// Synthesised decoding drops a field that it does not know. A misspelt `on_exit` would then be a session that behaves as it
/// was not asked to, so every body is held against its shape first, and the answer names what does not fit.
indirect enum JSONShape: Sendable {
    case text
    case wholeNumber
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
        guard !body.isEmpty else { throw .invalidRequest("body: a JSON object is wanted and none came; nothing was done") }
        let data = Data(body)
        let value: JSONValue
        do {
            value = try WireCoding.decode(JSONValue.self, from: data)
        } catch {
            throw .invalidRequest("body: this is not JSON; nothing was done")
        }
        try check(value, at: "")
        do {
            return try WireCoding.decode(type, from: data)
        } catch {
            throw .invalidRequest("body: it cannot be used (\(Self.reason(error))); nothing was done")
        }
    }

    private func check(_ value: JSONValue, at path: String) throws(HostFailure) {
        switch (self, value) {
        case (.text, .text): return
        case (.wholeNumber, .number(let number)) where Int(exactly: number) != nil: return
        case (.word(let words), .text(let text)) where words.contains(text): return
        case (.texts, .array(let items)):
            for (index, item) in items.enumerated() { try JSONShape.text.check(item, at: "\(path)[\(index)]") }
        case (.textByName, .object(let fields)):
            for (name, item) in fields { try JSONShape.text.check(item, at: "\(path).\(name)") }
        case (.object(let known), .object(let fields)):
            try checkFields(fields, known, at: path)
        default:
            let place = path.isEmpty ? "it" : "`\(path)`"
            throw .invalidRequest("body: \(place) must be \(expected), and not \(value.kind); nothing was done")
        }
    }

    private func checkFields(
        _ fields: [String: JSONValue], _ known: [String: Field], at path: String
    ) throws(HostFailure) {
        let prefix = path.isEmpty ? "" : path + "."
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            guard let field = known[name] else {
                let names = known.keys.sorted().joined(separator: ", ")
                throw .invalidRequest(
                    "body: the field `\(prefix)\(name)` is not known (known: \(names)); nothing was done"
                )
            }
            if value == .null, !field.isRequired { continue }
            try field.shape.check(value, at: prefix + name)
        }
        for (name, field) in known.sorted(by: { $0.key < $1.key }) where field.isRequired && fields[name] == nil {
            throw .invalidRequest("body: the field `\(prefix)\(name)` is missing; nothing was done")
        }
    }

    private var expected: String {
        switch self {
        case .text: "a text"
        case .wholeNumber: "a whole number"
        case .texts: "an array of texts"
        case .textByName: "an object of texts"
        case .word(let words): "one of " + words.joined(separator: ", ")
        case .object: "an object"
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context), DecodingError.keyNotFound(_, let context):
            context.debugDescription
        default: "\(error)"
        }
    }
}
