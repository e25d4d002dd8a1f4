import CgroupPty
import Foundation
import Testing

@testable import HostService

@Suite struct `A run of git` {
    let fixture: GitFixture

    init() throws { fixture = try GitFixture() }

    /// A `git` that is this script, in place of the real one.
    private func impostor(_ script: String, limit: Duration = .seconds(120)) throws -> GitCommand {
        let bin = fixture.root + "/bin"
        try fixture.sh("mkdir -p bin")
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: bin + "/git"))
        try fixture.sh("chmod +x bin/git")
        var environment = fixture.environment
        environment["PATH"] = bin + ":/usr/bin:/bin"
        return GitCommand(inherited: environment, limit: limit)
    }

    @Test func `answers with status, output and error text`() async throws {
        let answer = try await fixture.git.run(["rev-parse", "--verify", "nonsense"], in: ByteString(fixture.app))
        #expect(answer.status == 128)
        #expect(answer.standardOutput.isEmpty)
        #expect(answer.standardError == "fatal: Needed a single revision")
        #expect(
            answer.failure.description
                == "git -C \(fixture.app) rev-parse --verify nonsense: ended with 128: fatal: Needed a single revision")
    }

    @Test func `inherits nothing that begins with GIT_ and cannot ask`() async throws {
        var inherited = fixture.environment
        inherited["GIT_DIR"] = "/nowhere"
        inherited["GIT_WORK_TREE"] = "/nowhere"
        inherited["0ODD"] = "a name that cannot be passed on"
        let environment = GitCommand(inherited: inherited).environment
        #expect(
            environment.filter { $0.key.hasPrefix("GIT_") } == [
                "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1",
                "GIT_ALLOW_PROTOCOL": "",
            ])
        #expect(environment["HOME"] == fixture.environment["HOME"])
        #expect(environment["0ODD"] == nil)
        let answer = try await GitCommand(inherited: inherited).run(
            ["rev-parse", "--git-dir"], in: ByteString(fixture.app))
        #expect(answer.line == ".git")
        let stdin = try await impostor("readlink /proc/self/fd/0; cat; (: < /dev/tty) 2>&1 || true").run([], in: nil)
        let text = String(decoding: stdin.standardOutput, as: UTF8.self)
        #expect(text.hasPrefix("/dev/null\n"))
        #expect(text.contains("/dev/tty"), "opening the terminal fails: \(text)")
    }

    @Test func `without a git in PATH is told apart`() async throws {
        let git = GitCommand(inherited: ["PATH": fixture.root])
        await #expect(throws: GitFailure.notFound) { try await git.run(["version"], in: nil) }
    }

    @Test func `passes none of our descriptors on`() async throws {
        // Without O_CLOEXEC, as NIO's listeners are.
        let leak = open("/dev/zero", O_RDONLY)
        defer { close(leak) }
        let answer = try await impostor("ls -l /proc/$$/fd").run([], in: nil)
        let text = String(decoding: answer.standardOutput, as: UTF8.self)
        #expect(text.contains("/dev/null"), "the list is one of descriptors")
        #expect(!text.contains("/dev/zero"))
    }

    @Test func `is over when its time is`() async throws {
        let git = try impostor("sleep 1000", limit: .milliseconds(100))
        await #expect(throws: GitFailure.timedOut(arguments: ["status"])) { try await git.run(["status"], in: nil) }
    }

    @Test func `is killed with all that it started`() async throws {
        let pids = fixture.root + "/pids"
        let git = try impostor(
            """
            trap '' TERM
            sh -c 'trap "" TERM; echo $$ >> \(pids); while :; do sleep 1; done' &
            echo $$ >> \(pids)
            wait
            """)
        let asking = Task { try await git.run(["x"], in: nil) }
        try await wait("both to run") { try fixture.sh("cat \(pids) 2>/dev/null | wc -l") == "2" }
        asking.cancel()
        await #expect(throws: GitFailure.cancelled(arguments: ["x"])) { try await asking.value }
        for number in try fixture.sh("cat \(pids)").split(separator: "\n") {
            // Gone, or dead and not yet collected by whoever adopted it.
            try await wait("process \(number) of a killed git to end") { (state(of: number) ?? "Z") == "Z" }
        }
    }

    /// Asks until the answer is yes. The deadline is only for a test that fails.
    private func wait(_ what: String, _ isSo: () throws -> Bool) async throws {
        let deadline = Deadline.after(.seconds(60))
        while try !isSo() {
            try #require(!deadline.hasPassed, "waited for \(what)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func state(of pid: Substring) -> Substring? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        return String(decoding: data, as: UTF8.self).split(separator: ") ").last?.prefix(1)
    }

    @Test func `that writes can clean up when it is stopped`() async throws {
        let lock = fixture.root + "/lock"
        let git = try impostor("trap 'rm \(lock); exit 1' TERM; touch \(lock); while :; do sleep 0.05; done")
        let asking = Task { try await git.run(["branch"], in: nil, ending: .terminateFirst) }
        try await wait("the lock to be taken") { try fixture.exists(lock) }
        asking.cancel()
        try await wait("the lock to be given back") { try !fixture.exists(lock) }
        await #expect(throws: GitFailure.cancelled(arguments: ["branch"])) { try await asking.value }
    }

    @Test func `past its deadline is not started`() async throws {
        await #expect(throws: GitFailure.timedOut(arguments: ["version"])) {
            try await fixture.git.run(["version"], in: nil, until: .now)
        }
    }

    @Test func `that writes too much is killed`() async throws {
        let git = try impostor("exec cat /dev/zero")
        await #expect(throws: GitFailure.outputTooLarge(arguments: ["x"], limit: 1000)) {
            try await git.run(["x"], in: nil, outputLimit: 1000)
        }
        let exact = try await impostor("head -c 1000 /dev/zero").run(["x"], in: nil, outputLimit: 1000)
        #expect(exact.standardOutput.count == 1000)
    }

    @Test func `refuses an argument that the kernel would cut short`() async throws {
        await #expect(
            throws: GitFailure.launch(arguments: ["rev-parse", "a\\x0b"], reason: "an argument contains NUL")
        ) {
            try await fixture.git.run(["rev-parse", "a\0b"], in: nil)
        }
    }

    @Test func `dies of a signal with the status of a shell`() async throws {
        let answer = try await impostor("kill -SEGV $$").run([], in: nil)
        #expect(answer.status == 139)
    }

    @Test func `runs no hook`() async throws {
        try fixture.sh(
            """
            printf '#!/bin/sh\\ntouch "\(fixture.root)/hook"\\n' > .git/hooks/reference-transaction
            chmod +x .git/hooks/reference-transaction
            git branch probe && test -e "\(fixture.root)/hook" && rm "\(fixture.root)/hook"
            """, in: fixture.app)
        let answer = try await fixture.git.run(["branch", "-d", "probe"], in: ByteString(fixture.app))
        #expect(answer.status == 0)
        #expect(try !fixture.exists(fixture.root + "/hook"))
    }
}
