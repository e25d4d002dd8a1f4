internal import CSystemd
import Glibc

/// What the manager is asked of itself and of its units: properties, read one at a time. None changes anything.
extension SystemdManager {
    /// The manager's own cgroup, absolute; empty for a manager at the root.
    public func controlGroup(until deadline: Deadline) async throws(ScopeFailure) -> String {
        try await managerProperty("ControlGroup", until: deadline, Self.stringVariant)
    }

    /// The manager's version, for instance `252.39-1~deb12u1`.
    public func version(until deadline: Deadline) async throws(ScopeFailure) -> String {
        try await managerProperty("Version", until: deadline, Self.stringVariant)
    }

    /// The variables that the manager gives to every service that it starts, `NAME=value` each.
    ///
    /// See: org.freedesktop.systemd1(5), `Environment`; systemctl(1), "import-environment"
    public func serviceEnvironment(until deadline: Deadline) async throws(ScopeFailure) -> [String] {
        try await managerProperty("Environment", until: deadline, Self.textListVariant)
    }

    /// The variables that a service gets besides, `NAME=value` each; nil when that is no service.
    ///
    /// See: systemd.exec(5), `Environment=`
    public func environment(of service: String, until deadline: Deadline) async throws(ScopeFailure) -> [String]? {
        try await property(
            "Environment", of: Self.objectPath(service), "Service", service, until: deadline, Self.textListVariant)
    }

    /// Whether there is a file, or a transient unit, of this name.
    ///
    /// See: org.freedesktop.systemd1(5), the unit's `LoadState`
    public func isLoaded(_ unit: String, until deadline: Deadline) async throws(ScopeFailure) -> Bool {
        try await property("LoadState", of: Self.objectPath(unit), "Unit", unit, until: deadline, Self.stringVariant)
            == "loaded"
    }

    /// How many files a service may open at most, that is its hard limit; nil when that is no service.
    ///
    /// See: systemd.exec(5), `LimitNOFILE=`
    public func openFileLimit(_ service: String, until deadline: Deadline) async throws(ScopeFailure) -> UInt64? {
        try await property("LimitNOFILE", of: Self.objectPath(service), "Service", service, until: deadline) { reply in
            var value: UInt64 = 0
            guard sd_bus_message_enter_container(reply, CChar(UInt8(ascii: "v")), "t") >= 0,
                sd_bus_message_read_basic(reply, CChar(UInt8(ascii: "t")), &value) > 0
            else { return nil }
            return value
        }
    }

    /// The `oom_score_adj` of services that say nothing of it: 0 in the system manager, 200 in a user's.
    ///
    /// See: systemd-system.conf(5), `DefaultOOMScoreAdjust=`
    public func serviceOOMScoreAdjustment(until deadline: Deadline) async throws(ScopeFailure) -> Int32 {
        try await managerProperty("DefaultOOMScoreAdjust", until: deadline) { reply in
            var value: Int32 = 0
            return corral_bus_read_signed_variant(reply, &value) >= 0 ? value : nil
        }
    }

    /// How many descriptors systemd keeps for a service at most; 0 when it keeps none, nil when that is no service.
    ///
    /// See: systemd.service(5), `FileDescriptorStoreMax=`
    public func descriptorStoreSize(_ service: String, until deadline: Deadline) async throws(ScopeFailure) -> Int? {
        try await property("FileDescriptorStoreMax", of: Self.objectPath(service), "Service", service, until: deadline)
        {
            reply in
            var value: UInt32 = 0
            return corral_bus_read_number_variant(reply, &value) >= 0 ? Int(value) : nil
        }
    }

    /// Whether systemd stops a unit that nothing needs any more, a slice with its last scope for instance; by all files that it knows
    /// for the unit, which need not be loaded.
    ///
    /// See: systemd.unit(5), `StopWhenUnneeded=`
    public func stopsWhenUnneeded(_ unit: String, until deadline: Deadline) async throws(ScopeFailure) -> Bool {
        let answer = try await property("StopWhenUnneeded", of: Self.objectPath(unit), "Unit", unit, until: deadline) {
            reply in
            var value: Int32 = 0
            return corral_bus_read_truth_variant(reply, &value) >= 0 ? value != 0 : nil
        }
        return answer ?? false
    }

    /// What is being done to a unit, for instance `stop` or `restart`; nil when nothing is.
    ///
    /// See: org.freedesktop.systemd1(5), the unit's `Job` and the job's `JobType`
    public func jobType(of unit: String, until deadline: Deadline) async throws(ScopeFailure) -> String? {
        let path = try await property("Job", of: Self.objectPath(unit), "Unit", unit, until: deadline) { reply in
            var id: UInt32 = 0
            var path: UnsafePointer<CChar>?
            guard corral_bus_read_job_variant(reply, &id, &path) >= 0, id != 0 else { return nil as String? }
            return path.map { String(cString: $0) }
        }
        guard let path else { return nil }
        return try await property("JobType", of: path, "Job", unit, until: deadline, Self.stringVariant)
    }

    /// A unit's object path: every byte that is no letter or digit as `_xx`.
    ///
    /// See: sd_bus_path_encode(3)
    static func objectPath(_ unit: String) -> String {
        var path = "/org/freedesktop/systemd1/unit/"
        if unit.isEmpty { return path + "_" }
        for (index, byte) in unit.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
                path.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "0")...UInt8(ascii: "9") where index > 0: path.unicodeScalars.append(Unicode.Scalar(byte))
            default: path += "_" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return path
    }

    private func managerProperty<Value: Sendable>(
        _ name: String, until deadline: Deadline, _ read: @escaping (OpaquePointer) -> Value?
    ) async throws(ScopeFailure) -> Value {
        let value = try await property(
            name, of: "/org/freedesktop/systemd1", "Manager", name, until: deadline, read)
        guard let value else {
            throw .refused(operation: "read property", unit: name, name: "EBADMSG", message: "of another type")
        }
        return value
    }

    private static func stringVariant(_ reply: OpaquePointer) -> String? {
        var text: UnsafePointer<CChar>?
        guard corral_bus_read_string_variant(reply, &text) >= 0, let text else { return nil }
        return String(cString: text)
    }

    private static func textListVariant(_ reply: OpaquePointer) -> [String]? {
        guard sd_bus_message_enter_container(reply, CChar(UInt8(ascii: "v")), "as") >= 0,
            sd_bus_message_enter_container(reply, CChar(UInt8(ascii: "a")), "s") >= 0
        else { return nil }
        var variables: [String] = []
        var text: UnsafeMutableRawPointer?
        while true {
            let answer = sd_bus_message_read_basic(reply, CChar(UInt8(ascii: "s")), &text)
            if answer == 0 { return variables }
            guard answer > 0, let text else { return nil }
            variables.append(String(cString: text.assumingMemoryBound(to: CChar.self)))
        }
    }
}
