/// Numbers of 64 bits without a sign, which SQLite does not have: the same bits with one.
///
/// Inodes and devices use all 64 bits on some file systems (overlayfs with `xino`), and GRDB ends the process on those.
enum StoredInteger {
    /// What is written.
    static func signed(_ value: UInt64) -> Int64 { Int64(bitPattern: value) }
    /// What was meant.
    static func unsigned(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) }
}
