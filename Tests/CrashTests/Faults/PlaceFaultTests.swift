import CgroupPty
import Foundation
import HostClient
import HostProtocol
import TestSupport
import Testing

/// What becomes of sessions and deletes when others, the clock or a full runtime directory come in the way of a host.
@Suite(.enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)), .serialized)
struct `A host` {
    @Test func `started at the same time as another has the instance alone, or the other one has`() async throws {
        try await CrashSite.run { site in
            let first = try await site.start()
            let session = try await site.survivor(first, site.workspace(first, "one"))
            try await first.kill()
            for round in 1...3 {
                var rival = try RunningHost.Place()
                rival.arguments = ["--state-directory", site.place.state, "--runtime-directory", site.place.runtime]
                async let here = Self.started(site.place)
                async let there = Self.started(rival)
                let both = try await [here, there]
                let winners = both.compactMap { if case .success(let host) = $0 { host } else { nil } }
                try #require(winners.count == 1, "round \(round)")
                for case .failure(let trouble) in both {
                    #expect(trouble.description.contains("held by process \(winners[0].pidfd.pid)"), "\(trouble)")
                }
                let client = HostClient(socketPath: site.place.socket)
                #expect(try await client.session(session.id).leaderPid == session.leaderPid)
                #expect(try site.world.inUnit(session.unit).map { Int($0.rawValue) } == [session.leaderPid])
                try await winners[0].kill()
            }
            let last = try await site.start()
            try await site.expectAgreement(last)
            try await site.expectUntouched(last, session)
            try await last.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }

    /// Only the rights were looked at, and by what chmod(2) answered, which was after something had been made in it.
    @Test(.enabled(if: Ground.isSystem, "only root can give a directory away"), arguments: ["state", "run"])
    func `uses no directory of somebody else's`(name: String) async throws {
        let place = try RunningHost.Place()
        let path = "\(place.directory.path)/\(name)"
        try Shell.run("mkdir -m 777 '\(path)'; chown 4711 '\(path)'")
        let refused = try await RunningHost.startRefused(place)
        #expect(refused.status == 1)
        #expect(
            refused.log.contains(
                "use \(path), which belongs to uid 4711 and not to 0: Operation not permitted (errno 1); corral-host was not started"
            ),
            "\(refused.log)")
        #expect(try Shell.run("ls -A '\(path)'; stat -c %a '\(path)'") == "777\n", "nothing was made or changed")
    }

    @Test func `takes a runtime directory of its own back from others`() async throws {
        try await CrashSite.run { site in
            try Shell.run("mkdir -m 777 '\(site.place.runtime)'")
            let host = try await site.start()
            #expect(try Shell.run("stat -c %a '\(site.place.runtime)'") == "700\n")
            try await host.stop()
        }
    }

    /// `access(2)`, which was asked whether the directory is there, had overwritten the answer of `mkdir(2)`.
    @Test(.enabled(if: Ground.isSystem, "only root can mount"))
    func `says that a file system cannot be written`() async throws {
        var place = try RunningHost.Place()
        let script = "mkdir '\(place.state)'; mount -t tmpfs -o ro,mode=700 none '\(place.state)' && exec \"$@\""
        place.launcher = [
            "/usr/bin/unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-euc", script, "sh",
        ]
        let refused = try await RunningHost.startRefused(place)
        #expect(refused.log.contains("Read-only file system (errno 30); corral-host was not started"), "\(refused.log)")
    }

    /// The open waited for somebody who writes into the FIFO.
    @Test func `is refused by an instance file that is a FIFO`() async throws {
        try await CrashSite.run { site in
            try await site.start().stop()
            let kept = try site.instance
            try Shell.run("rm instance; mkfifo instance", in: site.place.state)
            let refused = try await RunningHost.startRefused(site.place)
            #expect(refused.log.contains("it does not hold eight hexadecimal digits"), "\(refused.log)")
            try Shell.run("rm instance; echo '\(kept)' >instance", in: site.place.state)
        }
    }

    /// Everything that had something to say waited for a reader, the stop among it.
    @Test func `whose standard error is a pipe that nobody reads answers, and ends at SIGTERM`() async throws {
        try await CrashSite.run(preparing: { place in
            let fifo = place.directory.path + "/fifo"
            try Shell.run("mkfifo '\(fifo)'")
            place.launcher = ["/bin/sh", "-c", "exec \"$@\" 2>'\(fifo)'", "sh"]
        }) { site in
            let fifo = try OwnedFileDescriptor.open(
                path: site.place.directory.path + "/fifo", flags: O_RDWR | O_NONBLOCK)
            let host = try await site.start()
            let filling = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
            while fifo.withRawValue({ write($0, filling, filling.count) }) > 0 {}
            let began = ContinuousClock.now
            let workspace = try await site.workspace(host, "one")
            #expect(try await host.client.deleteWorkspace(workspace.id).outcome == .confirmed)
            #expect(ContinuousClock.now - began < .seconds(10))
            try host.pidfd.signal(SIGTERM)
            try await host.waitForExit(within: .seconds(10))
        }
    }

    private static func started(_ place: RunningHost.Place) async throws -> Result<RunningHost, RunningHost.Trouble> {
        do {
            return .success(try await RunningHost.start(place))
        } catch let trouble as RunningHost.Trouble {
            return .failure(trouble)
        }
    }

    @Test func `beside another instance's touches nothing of it, in whatever it does`() async throws {
        try await CrashSite.run { ours in
            try await CrashSite.run { theirs in
                var host = try await ours.start()
                let other = try await theirs.start()
                #expect(try ours.instance != theirs.instance)
                let workspace = try await ours.workspace(host, "one")
                let killed = try await ours.survivor(host, workspace)
                let left = try await ours.survivor(host, workspace)
                // The same names, so that only the instance tells them apart.
                let foreign = try await other.client.createWorkspace(
                    CreateWorkspaceRequest(repository: theirs.repository.path, branch: "one", id: workspace.id)
                ).document
                let request = CreateSessionRequest(
                    id: killed.id, command: ["/bin/sh", "-c", "trap '' HUP; echo ready; exec sleep 1000"])
                let session = try await other.client.createSession(in: foreign.id, request).document
                try await SessionReader(other.client, session.id).waitFor("ready")

                #expect(try await host.client.killSession(killed.id, force: true).outcome == .confirmed)
                try await host.kill()
                #expect(try ours.reap("--unclaimed").hasSuffix("status 0\n"))
                try await theirs.expectUntouched(other, session)
                host = try await ours.start()
                let pass = try await host.client.reap(unclaimed: true)
                #expect(pass.skipped["other_instance"] == 1, "\(pass)")
                try await ours.expectUntouched(host, left)
                try await ours.expectDeleted(host, workspace)
                try await theirs.expectUntouched(other, session)
                try await theirs.expectAgreement(other)
                try await theirs.expectDeleted(other, foreign)
            }
        }
    }

    @Test(.enabled(if: Ground.isSystem, "a small file system can be mounted by root only"))
    func `whose runtime directory is full goes on, and one that starts there is refused with the reason (I3)`()
        async throws
    {
        try await CrashSite.run { site in
            // The claims of root's hosts lie there, whatever directories a host is given.
            let claims = "/run/corral"
            let places = [claims, site.place.runtime]
            for place in places {
                try Shell.run("mkdir -p '\(place)'; mount -t tmpfs -o size=32k,mode=700 tmpfs '\(place)'")
            }
            defer { for place in places { _ = try? Shell.run("umount -l '\(place)'") } }
            func fill() throws {
                for place in places { try Shell.run("cat /dev/zero > '\(place)/filler' 2>/dev/null || true") }
            }
            var host = try await site.start()
            let workspace = try await site.workspace(host, "one")
            try fill()
            let session = try await site.survivor(host, workspace)
            let killed = try await site.survivor(host, workspace)
            #expect(try await host.client.killSession(killed.id).outcome == .confirmed)
            try await site.expectAgreement(host)
            try await host.kill()
            // What it remembers cannot be kept: it says so, and so nothing is ever ended on a second look.
            let reaped = try site.reap()
            #expect(reaped.contains("No space left on device"), "\(reaped)")
            #expect(!reaped.hasSuffix("status 0\n"), "\(reaped)")
            try Shell.run("rm '\(claims)'/*.claim; cat /dev/zero >> '\(claims)/filler' 2>/dev/null || true")
            let refused = try await RunningHost.startRefused(site.place)
            #expect(refused.status == 1)
            #expect(refused.log.contains("No space left on device"), "\(refused.log)")
            #expect(try site.world.inUnit(session.unit).map { Int($0.rawValue) } == [session.leaderPid])

            for place in places { try Shell.run("rm '\(place)/filler'") }
            host = try await site.start()
            try await site.expectAgreement(host)
            try await site.expectUntouched(host, session)
            try await site.expectDeleted(host, workspace)
        }
    }

    @Test func `whose clock jumps by years keeps what lives, and still confirms what it ends (I4)`() async throws {
        let clock = try ShiftedClock()
        try await CrashSite.run(preparing: { $0.environment.merge(clock.environment) { $1 } }) { site in
            var host = try await site.start()
            let kept = try await site.survivor(host, site.workspace(host, "kept"))
            for (index, years) in [30, -40, 0].enumerated() {
                let workspace = try await site.workspace(host, "jump\(index)")
                let killed = try await site.survivor(host, workspace)
                let left = try await site.survivor(host, workspace)
                try clock.shift(years: years)
                let shown = try await host.client.reap().at.date.timeIntervalSinceNow / ShiftedClock.year
                #expect(abs(shown - Double(years)) < 0.1, "the clock of the host is \(shown) years off")
                #expect(try await host.client.killSession(killed.id).outcome == .confirmed)
                #expect(try site.world.inUnit(killed.unit).isEmpty)
                try await site.expectUntouched(host, left)
                try await host.kill()
                host = try await site.start()
                try await site.expectAgreement(host)
                try await site.expectUntouched(host, kept)
                try await site.expectUntouched(host, left)
                let receipt = try await site.deleted(host, workspace)
                #expect(receipt.outcome == .confirmed, "\(receipt)")
                #expect(receipt.confirmedAt != nil)
                #expect(try site.world.inUnit(workspace.slice).isEmpty)
            }
            try await site.expectAgreement(host)
            try await site.expectUntouched(host, kept)
            try await host.stop()
            try await site.waitUntilNothingIsLeft()
        }
    }
}

/// A wall clock that can be set for one host: the machine's own belongs to everybody.
///
/// A library that is loaded before the C library adds what a file holds, in seconds, to every answer of CLOCK_REALTIME.
private final class ShiftedClock: Sendable {
    static let year = 365.25 * 86_400
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let source = """
            #define _GNU_SOURCE
            #include <fcntl.h>
            #include <stdlib.h>
            #include <sys/syscall.h>
            #include <sys/time.h>
            #include <time.h>
            #include <unistd.h>
            static long shift(void) {
                char text[32] = {0};
                int file = open(getenv("CORRAL_TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
                if (file < 0) return 0;
                if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
                close(file);
                return atol(text);
            }
            int clock_gettime(clockid_t clock, struct timespec *now) {
                int answer = syscall(SYS_clock_gettime, clock, now);
                if (!answer && clock == CLOCK_REALTIME) now->tv_sec += shift();
                return answer;
            }
            int gettimeofday(struct timeval *now, void *zone) {
                struct timespec exact;
                (void)zone;
                if (clock_gettime(CLOCK_REALTIME, &exact)) return -1;
                now->tv_sec = exact.tv_sec;
                now->tv_usec = exact.tv_nsec / 1000;
                return 0;
            }
            time_t time(time_t *now) {
                struct timespec exact;
                clock_gettime(CLOCK_REALTIME, &exact);
                if (now) *now = exact.tv_sec;
                return exact.tv_sec;
            }
            """
        try Data(source.utf8).write(to: URL(fileURLWithPath: directory.path + "/clock.c"))
        try Shell.run(
            """
            chmod 755 .
            cc=$(command -v cc || command -v clang); "$cc" -shared -fPIC -O2 -o clock.so clock.c
            echo 0 > shift
            """, in: directory.path)
    }

    var environment: [String: String] {
        ["LD_PRELOAD": directory.path + "/clock.so", "CORRAL_TEST_CLOCK": directory.path + "/shift"]
    }

    func shift(years: Int) throws {
        try Shell.run("echo \(Int(Double(years) * Self.year)) > shift.new; mv shift.new shift", in: directory.path)
    }
}
