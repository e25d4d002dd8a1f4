import CgroupPty
import Foundation
import HostProtocol
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
        let configuration = try HostConfiguration(
            stateDirectory: directory.path + "/state", runtimeDirectory: directory.path + "/run",
            environment: ["XDG_RUNTIME_DIR": directory.path], machineID: "m")
        var places = PlacesExamination(configuration: configuration)
        #expect(places.directory("state", directory.path + "/none").verdict == .ok)
        try Shell.run(
            "cd '\(directory.path)'; mkdir -m 700 good; mkdir open; chmod 777 open; touch file; ln -s good link")
        #expect(places.directory("state", directory.path + "/good").verdict == .ok)
        for name in ["open", "file", "link"] {
            let check = places.directory("state", directory.path + "/" + name)
            #expect(check.verdict == .failure, "\(name)")
            #expect(check.mend != nil)
        }
        places.user = 54_321
        #expect(places.directory("state", directory.path + "/good").found.hasPrefix("belongs to uid"))
    }
}
