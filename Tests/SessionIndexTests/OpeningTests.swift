import CgroupPty
import Foundation
import GRDB
import Testing

@testable import SessionIndex

@Suite struct `An index` {
    @Test func `is there again with its rows after it was closed`() async throws {
        let directory = ScratchDirectory()
        let index = try await Index.open(directory: directory.path)
        try await index.put(Sample.workspace(), Sample.session(status: .active))
        try await index.close()

        let again = try await Index.open(directory: directory.path + "/")
        #expect(try await again.workspaces() == [Sample.workspace()])
        #expect(try await again.sessions(includeEnded: true) == [Sample.session(status: .active)])
        #expect(again.path == directory.database)
        try await again.close()
    }

    @Test
    func `is on the disk before a call returns: foreign keys, WAL, synchronous=FULL and a busy timeout are in force`()
        async throws
    {
        try await withIndex { index async throws in
            #expect(try await index.number("PRAGMA foreign_keys") == 1)
            #expect(try await index.text("PRAGMA journal_mode") == "wal")
            // Symptom: GRDB sets NORMAL after prepareDatabase; a power cut then takes the last commits back.
            #expect(try await index.number("PRAGMA synchronous") == 2)
            #expect(index.pool.configuration.busyMode.isFiveSeconds)
            #expect(try await index.number("PRAGMA application_id") == 0x4372_726C)
            #expect(try await index.number("SELECT count(*) FROM pragma_foreign_key_check") == 0)
        }
    }

    @Test func `is one file once it was closed: a copy of it alone misses nothing`() async throws {
        let directory = ScratchDirectory()
        let index = try await Index.open(directory: directory.path)
        try await index.put(Sample.workspace())
        // Opens a connection for reading, which GRDB closes last, and which leaves the log behind.
        #expect(try await index.workspaces().count == 1)
        try await index.close()
        let copy = ScratchDirectory()
        try FileManager.default.createDirectory(atPath: copy.path, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: directory.database, toPath: copy.database)
        let again = try await Index.open(directory: copy.path)
        #expect(try await again.workspaces() == [Sample.workspace()])
        try await again.close()
    }

    @Test func `is readable for its owner alone`() async throws {
        let directory = ScratchDirectory()
        let index = try await Index.open(directory: directory.path + "/machine")
        try await index.put(Sample.workspace())
        #expect(try directory.rights(directory.path) == 0o700)
        #expect(try directory.rights(directory.path + "/machine") == 0o700)
        for suffix in ["", "-wal", "-shm"] {
            #expect(try directory.rights(directory.path + "/machine/index.db" + suffix) == 0o600, "index.db\(suffix)")
        }
        try await index.close()
    }

    @Test func `takes back rights that others had been given`() async throws {
        let directory = ScratchDirectory()
        try await Index.open(directory: directory.path).close()
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: directory.database)

        let index = try await Index.open(directory: directory.path)
        #expect(try directory.rights(directory.path) == 0o700)
        #expect(try directory.rights(directory.database) == 0o600)
        #expect(try directory.rights(directory.database + "-wal") == 0o600)
        try await index.close()
    }

    @Test func `remembers where it was the index`() async throws {
        try await withIndex { index async throws in
            #expect(try await index.facts() == nil)
            for manager in InstanceFacts.Manager.allCases {
                let facts = InstanceFacts(
                    machineID: "m-\(manager)", manager: manager, bootID: "b",
                    cgroup: FileIdentity(device: 29, inode: .max), cgroupNamespace: 4_026_531_835)
                try await index.setFacts(facts)
                #expect(try await index.facts() == facts)
            }
        }
    }

    @Test func `goes through with a call whose task is cancelled (I7)`() async throws {
        try await withIndex { index async throws in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await index.insertWorkspace(Sample.workspace())
            }
            task.cancel()
            // GRDB's own async functions throw CancellationError here.
            #expect(try await task.value == .inserted)
            #expect(try await index.workspace(WorkspaceID("wk4m2")!) == Sample.workspace())
        }
    }

    @Test func `says so when it is used after it was closed`() async throws {
        let directory = ScratchDirectory()
        let index = try await Index.open(directory: directory.path)
        try await index.close()
        try await index.close()
        let writing = await #expect(throws: IndexFailure.self) { try await index.addTrash("t") }
        let reading = await #expect(throws: IndexFailure.self) { try await index.workspaces() }
        #expect(
            writing?.description
                == "add trash t in \(directory.database): the index was closed (SQLite 21); nothing was changed")
        #expect(
            reading?.description
                == "read workspaces in \(directory.database): the index was closed (SQLite 21); nothing was changed")
    }
}

@Suite struct `Opening an index` {
    @Test func `refuses one of a later release and leaves it as it is`() async throws {
        let directory = ScratchDirectory()
        try await Index.open(directory: directory.path).close()
        try directory.withDatabase { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9'), ('10')") }
        let before = try Data(contentsOf: URL(fileURLWithPath: directory.database))

        let failure = await #expect(throws: IndexFailure.self) { try await Index.open(directory: directory.path) }
        #expect(failure == .newerSchema(path: directory.database, migrations: ["10", "9"]))
        #expect(
            failure?.description
                == "open index in \(directory.database): it was written by a later release of Corral (unknown here: 10, 9); "
                + "it was not opened and not changed")
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == before)
    }

    @Test(arguments: [0, 77])
    func `refuses a database of another program and leaves it as it is`(applicationID: Int32) async throws {
        let directory = ScratchDirectory()
        try directory.withDatabase {
            try $0.execute(sql: "CREATE TABLE song (title TEXT); PRAGMA application_id = \(applicationID)")
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: directory.database))

        let failure = await #expect(throws: IndexFailure.self) { try await Index.open(directory: directory.path) }
        #expect(failure == .foreign(path: directory.database, applicationID: applicationID))
        #expect(
            failure?.description
                == "open index in \(directory.database): it is a database of another program "
                + "(application_id \(applicationID)); it was not opened and not changed")
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == before)
        #expect(!FileManager.default.fileExists(atPath: directory.database + "-wal"))
    }

    @Test func `goes on where its creation was cut off`() async throws {
        let empty = ScratchDirectory()
        try FileManager.default.createDirectory(atPath: empty.path, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: empty.database))
        try await Index.open(directory: empty.path).close()

        let halfway = ScratchDirectory()
        try halfway.withDatabase {
            try $0.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        }
        let index = try await Index.open(directory: halfway.path)
        #expect(try await index.insertWorkspace(Sample.workspace()) == .inserted)
        try await index.close()
    }

    @Test func `refuses a file that is no database`() async throws {
        let directory = ScratchDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try Data(repeating: 0x5A, count: 8192).write(to: URL(fileURLWithPath: directory.database))
        let failure = await #expect(throws: IndexFailure.self) { try await Index.open(directory: directory.path) }
        #expect(
            failure?.description
                == "open index in \(directory.database): the file is damaged (file is not a database); nothing was changed"
        )
    }

    @Test func `names the system call when the directory cannot be made`() async throws {
        let failure = await #expect(throws: IndexFailure.self) {
            try await Index.open(directory: "/proc/self/status/corral")
        }
        #expect(
            failure?.description
                == "mkdir /proc/self/status: File exists (errno 17); the index was not opened"
                || failure?.description
                    == "mkdir /proc/self/status/corral: Not a directory (errno 20); the index was not opened"
        )
    }
}

extension Database.BusyMode {
    var isFiveSeconds: Bool {
        switch self {
        case .timeout(let seconds): seconds == 5
        case .immediateError, .callback: false
        }
    }
}
