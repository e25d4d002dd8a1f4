/// The release, as shown by `--version` and `GET /v1/status`.
public enum HostVersion {
    /// Semantic version 2.0.
    public static let current = "0.1.0"
}
