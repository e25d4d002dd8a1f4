internal import CSystemd
import Glibc

/// The messages that the manager is sent, made of Swift's values. None is sent here.
extension SystemdManager {
    /// Lends limits as names and values of properties of type `t`; one that is lifted has the greatest value.
    static func withProperties(
        _ limits: [ResourceLimit: UInt64?],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<UInt64>?, Int) -> CInt
    ) -> CInt {
        let ordered = ResourceLimit.allCases.filter { limits[$0] != nil }
        let names = ordered.map { strdup($0.property) }
        defer { for name in names { free(name) } }
        let values = ordered.map { (limits[$0] ?? nil) ?? .max }
        return names.map { UnsafePointer($0) }.withUnsafeBufferPointer { names in
            values.withUnsafeBufferPointer { body(names.baseAddress, $0.baseAddress, $0.count) }
        }
    }

    /// Makes the call of a method, of the manager unless told, whose arguments are strings.
    /// - Returns: less than 0 for a failure, as sd-bus has it.
    static func newCall(
        _ bus: OpaquePointer, _ message: inout OpaquePointer?, _ member: String, _ arguments: [String],
        object: String = "/org/freedesktop/systemd1", interface: String = "org.freedesktop.systemd1.Manager"
    ) -> CInt {
        let copies = arguments.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let strings = copies.map { UnsafePointer($0) }
        return strings.withUnsafeBufferPointer {
            corral_bus_new_call(bus, &message, object, interface, member, $0.baseAddress, arguments.count)
        }
    }
}
