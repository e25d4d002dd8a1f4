/// The part of a request's target after the `?`, read strictly: a key that is misspelt, given twice or out of bounds
/// is an error and never dropped.
struct QueryParameters: Sendable {
    private var values: [String: String?] = [:]

    /// Reads a query.
    /// - Parameter known: The keys that the route understands.
    /// - Throws: ``HostFailure/invalidRequest(_:)``, which names the key.
    init(_ query: Substring, known: Set<String>) throws(HostFailure) {
        for item in query.split(separator: "&" as Character) {
            let parts = item.split(separator: "=" as Character, maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = Self.decoded(parts[0]) else {
                throw .invalidRequest("query: \"\(parts[0])\" is not percent-encoded UTF-8; nothing was done")
            }
            guard known.contains(key) else {
                let keys = known.isEmpty ? "none" : known.sorted().joined(separator: ", ")
                throw .invalidRequest("query: the key \"\(key)\" is not known here (known: \(keys)); nothing was done")
            }
            guard values[key] == nil else {
                throw .invalidRequest("query: the key \"\(key)\" is given twice; nothing was done")
            }
            guard parts.count > 1 else {
                values.updateValue(nil, forKey: key)
                continue
            }
            guard let value = Self.decoded(parts[1]) else {
                throw .invalidRequest("query: the value of \"\(key)\" is not percent-encoded UTF-8; nothing was done")
            }
            values.updateValue(value, forKey: key)
        }
    }

    /// A switch: true when bare or `=true`, false when `=false`.
    /// - Parameter absent: What it is when it is absent.
    func flag(_ key: String, default absent: Bool = false) throws(HostFailure) -> Bool {
        guard let given = values[key] else { return absent }
        switch given {
        case nil, "true": return true
        case "false": return false
        case .some(let value):
            throw .invalidRequest("query: \"\(key)\" is true, false or bare, and not \"\(value)\"; nothing was done")
        }
    }

    /// A text, nil when absent.
    func text(_ key: String) throws(HostFailure) -> String? {
        guard let given = values[key] else { return nil }
        guard let value = given else { throw .invalidRequest("query: \"\(key)\" needs a value; nothing was done") }
        return value
    }

    /// A whole number from 0 to 2^64-1, nil when absent.
    func position(_ key: String) throws(HostFailure) -> UInt64? {
        guard let text = try text(key) else { return nil }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let value = UInt64(text)
        else {
            throw .invalidRequest("query: \"\(key)\" is a whole number, and not \"\(text)\"; nothing was done")
        }
        return value
    }

    /// A number of seconds within bounds, nil when absent.
    func seconds(_ key: String, in bounds: ClosedRange<Double>) throws(HostFailure) -> Double? {
        guard let text = try text(key) else { return nil }
        guard let value = Double(text), bounds.contains(value) else {
            throw .invalidRequest(
                "query: \"\(key)\" is a number of seconds from \(Int(bounds.lowerBound)) to "
                    + "\(Int(bounds.upperBound)), and not \"\(text)\"; nothing was done"
            )
        }
        return value
    }

    /// Undoes percent-encoding; nil for a `%` without two hexadecimal digits, and for bytes that are not UTF-8.
    ///
    /// A `+` stays one: this is a query and not a form.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
