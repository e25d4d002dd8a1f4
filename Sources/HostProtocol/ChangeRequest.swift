/// What is to become different of a workspace or a session that is there. What is absent stays as it is.
public struct ChangeRequest: Codable, Sendable, Equatable {
    public var limits: LimitsRequest?
    /// Seconds of no use after which a workspace is frozen, 0 for never. Sessions have none.
    public var freezeIdle: Int?

    /// Seconds from now after which a workspace is deleted by itself, 0 for never. Sessions have none.
    public var expiresIn: Int?

    /// Makes a request from its parts.
    public init(limits: LimitsRequest? = nil, freezeIdle: Int? = nil, expiresIn: Int? = nil) {
        self.limits = limits
        self.freezeIdle = freezeIdle
        self.expiresIn = expiresIn
    }
}
