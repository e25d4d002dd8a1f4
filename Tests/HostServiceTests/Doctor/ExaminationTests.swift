import CgroupPty
import Foundation
import HostProtocol
import SessionIndex
import TestSupport
import Testing

@testable import HostService

@Suite struct `An examination` {
    @Test(
        arguments: [
            ("6.18.1-amd64\n", .ok), ("5.15.0\n", .ok), ("5.14.21\n", .failure), ("4.19.0-27\n", .failure),
            ("10.0\n", .ok), ("", .warning),
        ] as [(String, DoctorDocument.Verdict)])
    func `judges a kernel by its numbers`(release: String, verdict: DoctorDocument.Verdict) throws {
        let proc = try TemporaryDirectory(files: ["sys/kernel/osrelease": release])
        #expect(KernelExamination(proc: proc.path).kernel().verdict == verdict)
    }

    @Test(
        arguments: [
            ("4096", "12", .ok), ("4096", "3997", .warning), ("64", "64", .failure), ("x", "1", .warning),
        ] as [(String, String, DoctorDocument.Verdict)])
    func `counts the terminals that are left`(most: String, used: String, verdict: DoctorDocument.Verdict) throws {
        let proc = try TemporaryDirectory(files: ["sys/kernel/pty/max": most + "\n", "sys/kernel/pty/nr": used + "\n"])
        let check = KernelExamination(proc: proc.path).terminals()
        #expect(check.verdict == verdict)
        #expect(check.mend == nil || check.mend?.contains("sysctl kernel.pty.max=") == true)
    }

    @Test(
        arguments: [
            ("252.39-1~deb12u1", .ok), ("249.11", .failure), ("255.4-1ubuntu8.17", .warning), ("256.2", .warning),
            ("256.3-1", .ok), ("257", .ok), ("262.1", .ok), ("v257.4", .ok), ("", .warning),
        ] as [(String, DoctorDocument.Verdict)])
    func `knows versions of systemd, and what is wrong with some`(text: String, verdict: DoctorDocument.Verdict) {
        #expect(ManagerExamination.version(text, of: "user manager").verdict == verdict)
    }

    @Test func `finds a session's tags, and says how they go`() {
        let clean = ManagerExamination.environment(["PATH=/bin", "MY_CORRAL_X=1"], of: "user manager")
        #expect(clean.verdict == .ok)
        let check = ManagerExamination.environment(
            ["CORRAL_SESSION=s1", "PATH=/bin", "CORRAL_WORKSPACE=w1"], of: "system manager")
        #expect(check.verdict == .warning)
        #expect(check.mend == "systemctl unset-environment CORRAL_SESSION CORRAL_WORKSPACE")
    }

    @Test func `wants directories that nobody else can change`() throws {
        let directory = try TemporaryDirectory()
        func look(_ name: String) -> DoctorDocument.Check {
            PlacesExamination.directory("state", directory.path + "/" + name)
        }
        #expect(look("none").verdict == .ok)
        try Shell.run(
            "cd '\(directory.path)'; mkdir -m 700 good; mkdir open; chmod 777 open; mkdir -m 0 shut; touch file; ln -s none gone; ln -s good link"
        )
        #expect(look("good").verdict == .ok)
        // A host follows it. Told to move it away, a person was left without an index.
        #expect(look("link").verdict == .ok)
        for name in ["open", "shut", "file", "gone", "file/below"] {
            let check = look(name)
            #expect(check.verdict == .failure, "\(name)")
            #expect(check.mend != nil)
        }
        let foreign = PlacesExamination.directory("state", directory.path + "/good", user: 54_321)
        #expect(foreign.found.hasPrefix("belongs to uid"))
    }

    @Test(
        arguments: [
            (nil, "20000", 20_000, .ok), ("40", "20000", 20_000, .failure), ("1024", "1048576", 20_000, .warning),
            ("unlimited", "unlimited", 40, .ok), (nil, "", 40, .failure), (nil, "", nil, .warning),
        ] as [(String?, String, UInt64?, DoctorDocument.Verdict)])
    func `counts the files that a host may open, not those of whoever asks`(
        soft: String?, hard: String, unit: UInt64?, verdict: DoctorDocument.Verdict
    ) throws {
        let title = "Limit                     Soft Limit           Hard Limit           Units     \n"
        let processes = "Max processes             127                  128                  processes \n"
        let files = "Max open files            \(soft ?? "")                   \(hard)                 files     \n"
        let proc = try TemporaryDirectory(files: ["42/limits": title + processes + files])
        let check = KernelExamination(proc: proc.path).openFiles(host: soft == nil ? nil : ProcessID(42), unit: unit)
        #expect(check.verdict == verdict, "\(check)")
        #expect(check.source.contains(soft == nil ? "LimitNOFILE=" : "/42/limits"))
        #expect((check.mend == nil) == (verdict == .ok))
    }
}

@Suite struct `An examination of the environment` {
    private let directory: TemporaryDirectory
    private let home: String
    private let run: String

    init() throws {
        directory = try TemporaryDirectory()
        (home, run) = (directory.path + "/home", directory.path + "/run/\(geteuid())")
        try Shell.run("mkdir -p '\(home)' '\(run)'; chmod 700 '\(run)'")
    }

    private func given(_ environment: [String: String]) -> EnvironmentExamination {
        EnvironmentExamination(
            environment: environment, account: LoginAccount(name: "ada", home: home, shell: "/bin/sh"),
            runtimeDirectories: directory.path + "/run")
    }

    @Test func `finds nothing where all is as a login makes it`() {
        let given = given(["HOME": home, "XDG_RUNTIME_DIR": run])
        #expect(given.checks().allSatisfy { $0.verdict == .ok }, "\(given.checks())")
        #expect(given.mended == given.environment)
    }

    @Test(arguments: [nil, "", "run", "/nowhere", "/proc/1/fd/none"])
    func `goes on with the runtime directory that logind made, and says so`(named: String?) {
        // Doctor gave no report, or told root to give another user's directory away.
        var environment = ["HOME": home]
        environment["XDG_RUNTIME_DIR"] = named
        let given = given(environment)
        let check = given.checks()[0]
        #expect(check.verdict == .failure)
        #expect(check.mend == "export XDG_RUNTIME_DIR=\(run)")
        #expect(given.mended["XDG_RUNTIME_DIR"] == run)
    }

    @Test func `never has another user's runtime directory given away`() throws {
        var given = given(["HOME": home, "XDG_RUNTIME_DIR": run])
        given.user += 1
        let check = given.checks()[0]
        #expect(check.verdict == .failure)
        #expect(check.found == "\(run) belongs to uid \(geteuid())")
        #expect(check.mend?.contains("chown") == false)
    }

    @Test(arguments: [nil, "", "home", "/nowhere"])
    func `goes on with the home of the user database, and says so`(named: String?) {
        var environment = ["XDG_RUNTIME_DIR": run]
        environment["HOME"] = named
        let given = given(environment)
        #expect(given.checks()[1].verdict == .warning)
        #expect(given.checks()[1].mend == "export HOME=\(home)")
        #expect(given.mended["HOME"] == home)
    }

    @Test func `names the variables that services do not get`() {
        let theirs = ["HOME=\(home)", "PATH=/bin"]
        func look(_ ours: [String: String], _ theirs: [String]) -> DoctorDocument.Check {
            given(ours.merging(["HOME": home, "XDG_RUNTIME_DIR": run]) { $1 })
                .difference(from: theirs, of: "user manager")
        }
        #expect(look([:], theirs).verdict == .ok)
        #expect(
            look(["XDG_CONFIG_HOME": home + "/.config", "XDG_STATE_HOME": ""], theirs).verdict == .ok, "the same place")
        // `corral host restart` worked, and the host went by another configuration than the one that was shown.
        let check = look(["XDG_CONFIG_HOME": "/x"], theirs)
        #expect(check.verdict == .warning)
        #expect(check.found.hasPrefix("XDG_CONFIG_HOME is \"/x\" here, and not set for services: "))
        #expect(check.mend?.contains("systemctl --user import-environment XDG_CONFIG_HOME ") == true)
        let other = look([:], theirs + ["XDG_STATE_HOME=/y"])
        #expect(other.found.hasPrefix("XDG_STATE_HOME is not set here, and \"/y\" for services: "))
        #expect(other.mend?.contains("systemctl --user unset-environment XDG_STATE_HOME ") == true)
    }
}

@Suite struct `An examination of a start` {
    /// Names, sizes and times below a directory, without what SQLite's readers of a log share in memory.
    private static func listing(_ directory: String) throws -> String {
        try Shell.run("find '\(directory)' ! -name '*-shm' -printf '%p %y %s %m %T@\\n' | sort")
    }

    /// What is said of a whole state directory of instance 0123abcd after a script has run in it; `$R` is the runtime directory.
    private static func look(_ script: String) async throws -> [DoctorDocument.Check] {
        let directory = try TemporaryDirectory()
        let (state, runtime) = (directory.path + "/state", directory.path + "/run/corral")
        let configuration = try HostConfiguration(
            manager: .user, stateDirectory: state, runtimeDirectory: runtime,
            environment: ["HOME": directory.path, "XDG_RUNTIME_DIR": directory.path + "/run"], machineID: "m")
        try configuration.makeDirectories()
        try Shell.run("echo 0123abcd > instance; touch index.lock", in: state)
        let index = try await Index.open(directory: state)
        let facts = InstanceFacts(
            machineID: "m", manager: .user, bootID: "b", cgroup: FileIdentity(device: 1, inode: 2), cgroupNamespace: 3)
        try await index.setFacts(facts)
        try await index.close()
        try Shell.run("R='\(runtime)'; \(script)", in: state)
        let before = try listing(directory.path)
        var now = facts
        now.bootID = "c"
        let checks = StartExamination(configuration: configuration, facts: now, path: "/bin").instance()
        #expect(try listing(directory.path) == before, "it changes nothing")
        return checks
    }

    @Test(arguments: ["", "rm index.lock", "rm index.db* instance", "cp index.db copy; mv copy index.db"])
    func `finds nothing where a host would start`(script: String) async throws {
        let checks = try await Self.look(script)
        #expect(checks.map(\.name) == ["instance", "index"])
        #expect(checks.allSatisfy { $0.verdict == .ok && $0.mend == nil }, "\(checks)")
    }

    // "0 failures", it said, of each of them, and to start the host, which then refused.
    @Test(
        arguments: [
            ("head -c 100000 /dev/urandom > index.db", "index", "the file is damaged"),
            ("truncate -s 50000 index.db", "index", "the file is damaged"),
            (
                "dd if=/dev/zero of=index.db bs=4096 seek=3 count=5 conv=notrunc status=none", "index",
                "the file is damaged"
            ),
            ("rm index.db*; mkdir index.db", "index", "Is a directory"),
            ("mv index.db x; ln -s x index.db", "index", "symbolic links"),
            ("rm index.lock; mkdir index.lock", "index", "index.lock: Is a directory"),
            ("rm instance", "instance", "it is gone"),
            ("echo xx > instance", "instance", "eight hexadecimal digits"),
            (#"printf '0123abcd\r\n' > instance"#, "instance", "eight hexadecimal digits"),
            ("rm instance; mkdir instance", "instance", "Is a directory"),
            ("rm instance; mkfifo instance", "instance", "eight hexadecimal digits"),
            (#"mkdir "$R"/0123abcd.claim"#, "instance", "0123abcd.claim: Is a directory"),
            (#"echo 1:2 > "$R"/0123abcd.claim"#, "instance", "belongs to another index"),
        ])
    func `says what a host would refuse its start for`(script: String, name: String, text: String) async throws {
        let checks = try await Self.look(script)
        #expect(checks.filter { $0.verdict != .ok }.map(\.name) == [name], "\(checks)")
        let check = try #require(checks.first { $0.name == name })
        #expect(check.found.hasPrefix("no host starts: ") && check.found.contains(text), "\(check)")
        #expect(check.mend != nil)
    }

    @Test func `reads an index that a host has left in the middle of its work`() async throws {
        // The log is read too: without it the file has no facts yet, or half of them.
        let checks = try await Self.look(
            """
            python3 -c 'import os, sqlite3
            base = sqlite3.connect("index.db")
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("UPDATE instance SET machine_id = 77")
            base.commit()
            os._exit(0)'
            """)
        #expect(checks[0].found.contains("it belongs to machine 77"), "\(checks)")
    }

    @Test func `names git where there is none`() throws {
        let configuration = try HostConfiguration(
            manager: .user, stateDirectory: "/s", runtimeDirectory: "/r", environment: [:], machineID: "m")
        func verdict(_ path: String) -> DoctorDocument.Verdict? {
            let start = StartExamination(configuration: configuration, facts: nil, path: path)
            return start.programs().first { $0.name == "git" }?.verdict
        }
        #expect(verdict("/nowhere:/usr/bin") == .ok)
        #expect(verdict("/nowhere:/dev") == .failure)
    }
}
