import Foundation
import Logging
import TestSupport
import Testing

@testable import CgroupPty
@testable import HostService

/// A socket that takes entries as journald does, at a path of its own.
private final class JournalSocket: Sendable {
    let directory: TemporaryDirectory
    private let socket: OwnedFileDescriptor
    var path: String { directory.path + "/socket" }

    init() throws {
        directory = try TemporaryDirectory()
        socket = OwnedFileDescriptor(
            adopting: Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: (directory.path + "/socket").utf8) }
        let bound = socket.withRawValue { raw in
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        try #require(bound == 0)
    }

    /// All that has come.
    func entries() -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = socket.withRawValue { recv($0, &bytes, bytes.count, 0) }
            if count < 0 { return entries }
            entries.append(Array(bytes[..<count]))
        }
    }

    /// The lines of the entries, each sorted: the order of fields means nothing.
    func texts() -> [String] { entries().map { String(decoding: $0, as: UTF8.self) } }
}

@Suite struct `A journal` {
    @Test func `gets each field on a line, and by its length what holds a newline`() throws {
        let socket = try JournalSocket()
        let journal = try Journal(path: socket.path)
        #expect(journal.send([(name: "MESSAGE", value: "two\nlines"), (name: "PRIORITY", value: "5")]) == .written)
        #expect(
            socket.entries() == [
                Array("MESSAGE\n".utf8) + [9, 0, 0, 0, 0, 0, 0, 0] + Array("two\nlines\nPRIORITY=5\n".utf8)
            ])
    }

    @Test func `gets what is too long cut off, between two characters`() throws {
        let socket = try JournalSocket()
        let text = "x" + String(repeating: "ä", count: 40_000)
        #expect(try Journal(path: socket.path).send([(name: "MESSAGE", value: text)]) == .written)
        let entry = try #require(socket.entries().first)
        #expect(entry.count <= Journal.valueLimit + "MESSAGE=\n".utf8.count + 3)
        #expect(String(validating: entry, as: UTF8.self)?.hasSuffix("…\n") == true)
    }

    /// Symptom: with a journald that was stopped by SIGSTOP the host answered nobody any more. Cause: `sd_journal_sendv` waits for room in
    /// journald's socket, on whatever thread had something to say.
    @Test func `that takes nothing holds nobody up, and is told later how much it has missed`() throws {
        let socket = try JournalSocket()
        let sink = JournalSink(try Journal(path: socket.path), identifier: "test", manager: .user)
        let began = ContinuousClock.now
        for number in 1...3_000 { sink.write(.notice, "entry \(number)", kind: "k", [:]) }
        #expect(ContinuousClock.now - began < .seconds(20), "nothing was waited for")
        let first = socket.texts()
        #expect(!first.isEmpty && first.count < 3_000, "the kernel queues net.unix.max_dgram_qlen of them")
        sink.write(.notice, "after", kind: "k", [:])
        let second = socket.texts()
        #expect(second.count == 2)
        #expect(
            second[0].contains("MESSAGE=Lost \(3_000 - first.count) entries: journald did not take them.\n"),
            "\(second)")
        #expect(second[1].contains("MESSAGE=after\n"))
        // One that is not there is the same.
        #expect(try Journal(path: socket.directory.path + "/none").send([(name: "MESSAGE", value: "x")]) == .lost)
    }

    @Test(arguments: [(ManagerKind.user, "USER_UNIT"), (.system, "OBJECT_SYSTEMD_UNIT")])
    func `is told by which unit an entry is found`(manager: ManagerKind, field: String) throws {
        let socket = try JournalSocket()
        let sink = JournalSink(try Journal(path: socket.path), identifier: "test", manager: manager)
        sink.write(
            .error, "told", kind: "k", ["unit": "corral-1.scope", "message_id": "abc", "workspace": "w1", "event": "x"])
        let text = try #require(socket.texts().first)
        for line in [
            "\(field)=corral-1.scope", "MESSAGE_ID=abc", "CORRAL_WORKSPACE=w1", "CORRAL_EVENT=x", "PRIORITY=3",
        ] {
            #expect(("\n" + text).contains("\n\(line)\n"), "\(text)")
        }
    }

    @Test func `gets no more of one kind than its quota, all of every other kind, and how many were held back`() {
        var quota = JournalQuota()
        let start = ContinuousClock.now
        func admitted(_ kind: String, _ count: Int, after seconds: Int) -> Int {
            (0..<count).count { _ in quota.admit(kind, at: start + .seconds(seconds)) != .hold }
        }
        #expect(admitted("flood", 30_000, after: 0) == JournalQuota.burst)
        #expect(quota.admit("other", at: start) == .admit(heldBefore: 0))
        #expect(admitted("flood", 10, after: 29) == 0)
        #expect(quota.admit("flood", at: start + .seconds(30)) == .admit(heldBefore: 30_010 - JournalQuota.burst))
        #expect(quota.admit("flood", at: start + .seconds(30)) == .admit(heldBefore: 0))
    }

    @Test func `has an explanation of each message, and none of what is never sent`() throws {
        let text = try String(contentsOfFile: "\(Ground.packaging)/systemd/corral.catalog", encoding: .utf8)
        let entries = text.components(separatedBy: "\n-- ").dropFirst().map { entry in
            (id: String(entry.prefix { $0 != "\n" }), text: entry)
        }
        #expect(entries.map(\.id).sorted() == JournalMessage.allCases.map(\.rawValue).sorted())
        let sent =
            ["INSTANCE", "WORKSPACE", "SESSION", "SCOPE", "OUTCOME", "EVENT"].map { "CORRAL_\($0)" } + ["MESSAGE"]
        for entry in entries {
            for header in ["\nSubject: ", "\nDefined-By: Corral\n", "\nDocumentation: man:"] {
                #expect(entry.text.contains(header), "\(entry.id)")
            }
            let names = entry.text.components(separatedBy: "@").enumerated().filter { $0.offset % 2 == 1 }.map(
                \.element)
            for name in names { #expect(sent.contains(name), "\(entry.id): @\(name)@") }
            #expect(entry.text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(entry.id)")
        }
    }

    @Test func `is a line for people where standard error is a terminal`() {
        let fields: Logger.Metadata = [
            "workspace": "w1", "session": "s1", "unit": "u", "event": "e", "message_id": "m",
        ]
        #expect(LogLine.text(.notice, "Done.", fields, isColoured: false) == "notice: Done. session=s1 workspace=w1")
        #expect(
            LogLine.text(.error, "No.", ["workspace": "w1"], isColoured: true)
                == "\u{1b}[31merror:\u{1b}[0m No.\u{1b}[2m workspace=w1\u{1b}[0m")
        #expect(LogLine.text(.info, "It is.", [:], isColoured: true) == "info: It is.")
        // A title can be chosen by anybody, and must not steer the terminal.
        #expect(LogLine.text(.info, "\u{1b}]0;x\u{7}\n", [:], isColoured: false) == "info: \\u{1b}]0;x\\u{7}\\u{a}")
    }

    @Test(
        arguments: [
            ([:], true, true), ([:], false, false), (["NO_COLOR": "1"], true, false), (["NO_COLOR": ""], true, true),
            (["TERM": "dumb"], true, false),
        ] as [([String: String], Bool, Bool)])
    func `is coloured only at a terminal, and not where nobody wants it`(
        environment: [String: String], isTerminal: Bool, isColoured: Bool
    ) {
        #expect(LogLine.mayBeColoured(environment: environment, isTerminal: isTerminal) == isColoured)
    }
}
