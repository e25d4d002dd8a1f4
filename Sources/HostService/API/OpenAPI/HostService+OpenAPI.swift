extension HostService {
    /// The document that a host serves, as JSON: for a package.
    public static func openAPI() throws -> String { String(decoding: try OpenAPIDocument.served.get(), as: UTF8.self) }
}
