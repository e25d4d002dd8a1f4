import Foundation
import Testing
import HostProtocol
@testable import HostService
func fdcount() -> Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1 }
@Suite(.serialized) struct Adhoc {
    @Test func leaks() async throws {
        try await Served.run { served in
            for round in 0..<4 {
                for i in 0..<100 {
                    let c = try served.client()
                    switch i % 5 {
                    case 0: _ = try await c.request("GET", "/v1/status")
                    case 1: _ = try await c.attach()
                    case 2: try await c.send("garbage\r\n\r\n")
                    case 3: try await c.send("GET /v1/sessions/abcd/output HTTP/1.1\r\nHost: x\r\n\r\n"); c.disconnect()
                    default: _ = try await c.attach(); try await c.sendFrame(2, "x"); c.disconnect()
                    }
                }
                try await Task.sleep(for: .seconds(1))
                print("ADHOC fds", round, fdcount(), served.host.now.attachments.count, served.host.now.attachments.filter { !$0.isDetached }.count)
            }
        }
        print("ADHOC end", fdcount())
    }
    @Test func rate() async throws {
        try await Served.run { served in
            let c = try served.client()
            let clock = ContinuousClock()
            let d = try await clock.measure { for _ in 0..<2000 { _ = try await c.request("GET", "/v1/status") } }
            print("ADHOC 2000 requests", d)
        }
        try await Served.attached { client, attachment, _ in
            let clock = ContinuousClock()
            let part = [UInt8](repeating: 7, count: 64 << 10)
            let d = try await clock.measure {
                for _ in 0..<1000 { attachment.emit(.bytes(part)); _ = try await client.frame() }
            }
            print("ADHOC 64 MB output", d)
        }
    }
}
