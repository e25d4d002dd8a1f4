import CgroupPty

extension ReaperMemory: Codable {
    private enum Key: String, CodingKey {
        case unexplained, missing, failedKills, witnesses
    }

    /// Reads a memory; an id that is none is an error, since a memory that is half understood would shorten a guard.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        unexplained = try values.decode([String: UInt64].self, forKey: .unexplained)
        failedKills = try values.decode([String: FailedKill].self, forKey: .failedKills)
        witnesses = try values.decode(EscapeWitnesses.self, forKey: .witnesses)
        for (text, since) in try values.decode([String: UInt64].self, forKey: .missing) {
            guard let session = SessionID(text) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .missing, in: values, debugDescription: "no session id: \(text)")
            }
            missing[session] = since
        }
    }

    /// Writes the memory.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(unexplained, forKey: .unexplained)
        try values.encode(failedKills, forKey: .failedKills)
        try values.encode(witnesses, forKey: .witnesses)
        let missing = Dictionary(missing.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { first, _ in first })
        try values.encode(missing, forKey: .missing)
    }
}
