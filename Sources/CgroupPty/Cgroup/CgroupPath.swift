/// Where a cgroup lies, as components below some cgroup that is held open.
///
/// Kept as components, so that no `..` and no empty name can come in by a string.
public struct CgroupPath: Sendable, Hashable, CustomStringConvertible {
    /// The names from the top down.
    public let components: [String]

    /// Takes names that hold no `/` and are neither empty nor dots.
    public init(components: [String]) {
        precondition(
            components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(UInt8(ascii: "/")) })
        self.components = components
    }

    /// Reads a path as in `/proc/PID/cgroup`; nil when a component is empty or a dot (a process outside our namespace).
    public init?(_ text: some StringProtocol) { self.init(bytes: text.utf8) }

    /// The same, of the kernel's own bytes: a combining mark after a slash makes one Character of both, and anybody may name a cgroup so.
    init?(bytes: some Collection<UInt8>) {
        var names = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        if names.first == "" { names.removeFirst() }
        if names.last == "" { names.removeLast() }
        guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        components = names
    }

    /// The path one level further down.
    public func appending(_ name: String) -> CgroupPath { CgroupPath(components: components + [name]) }

    /// The path of `other` below this one.
    public func appending(_ other: CgroupPath) -> CgroupPath { CgroupPath(components: components + other.components) }

    /// Whether this path is `other` or lies below it.
    public func isAtOrBelow(_ other: CgroupPath) -> Bool { components.starts(with: other.components) }

    /// The last name, nil for the top itself.
    public var name: String? { components.last }

    /// Relative form, without a slash at either end.
    public var relative: String { components.joined(separator: "/") }

    /// Absolute form, as in `/proc/PID/cgroup`.
    public var description: String { "/" + relative }
}
