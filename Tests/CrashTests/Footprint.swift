import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport

/// What an instance takes up right now, as the kernel, systemd and the index count it: equal before and after what leaves nothing.
struct Footprint: Equatable, CustomStringConvertible {
    var processes: Int
    var scopes: Int
    var descriptors: Int
    var terminals: Int
    var activeRows: Int

    var description: String {
        "\(processes) processes, \(scopes) scopes, \(descriptors) descriptors, \(terminals) terminals, \(activeRows) active rows"
    }

    /// Counts.
    static func of(_ host: RunningHost, at site: CrashSite) async throws -> Footprint {
        let rows = try await host.client.sessions().count { $0.status == .active || $0.status == .stopping }
        return Footprint(
            processes: try site.world.tagged("CORRAL_INSTANCE", site.instance).count,
            scopes: try site.units().count { $0.hasSuffix(".scope") }, descriptors: try descriptors(of: host).count,
            terminals: try terminals(of: host), activeRows: rows)
    }

    /// What the host's descriptors lead to, but for the index: its readers are a pool, opened as they are first needed.
    private static func descriptors(of host: RunningHost) throws -> [String] {
        let links = "/proc/\(host.pidfd.pid)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: links).compactMap { name in
            let place = (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(links)/\(name)")) ?? "closed"
            return place.contains("/index.db") ? nil : place
        }
    }

    /// PTYs whose master the host holds: without it there is none. Other hosts may come and go beside this one.
    private static func terminals(of host: RunningHost) throws -> Int {
        let descriptors = "/proc/\(host.pidfd.pid)/fd"
        return Set(
            try FileManager.default.contentsOfDirectory(atPath: descriptors).compactMap { name -> String? in
                let link = "\(descriptors)/\(name)"
                guard let place = try? FileManager.default.destinationOfSymbolicLink(atPath: link),
                    place.hasSuffix("/ptmx"),
                    let details = try? String(contentsOfFile: "/proc/\(host.pidfd.pid)/fdinfo/\(name)", encoding: .utf8)
                else { return nil }
                return details.split(separator: "\n").first { $0.hasPrefix("tty-index:") }.map(String.init)
            }
        ).count
    }

    /// Counts until two counts in a row are equal: the host closes its end of a connection a moment after the client.
    static func settled(_ host: RunningHost, at site: CrashSite) async throws -> Footprint {
        var last = try await of(host, at: site)
        try await site.eventually("the footprint settles") {
            let now = try await of(host, at: site)
            defer { last = now }
            return now == last
        }
        return last
    }

    /// Counts until nothing more than before is there, or fails with the difference.
    static func waitUntil(_ wanted: Footprint, _ host: RunningHost, at site: CrashSite, after what: String) async throws
    {
        var last = wanted
        do {
            try await site.eventually("", within: .seconds(10)) {
                last = try await of(host, at: site)
                return last == wanted
            }
        } catch is CrashSite.Overdue {
            let open = try descriptors(of: host)
            throw CrashSite.Overdue(
                description:
                    "\(what) leaves something: before \(wanted); after \(last): \(open.sorted().joined(separator: ", "))"
            )
        }
    }
}
