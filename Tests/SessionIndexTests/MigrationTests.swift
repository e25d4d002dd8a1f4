import CgroupPty
import Foundation
import GRDB
import Testing

@testable import SessionIndex

/// What the first release writes. A shipped schema never changes: this text is compared, and is what old files hold.
private let schemaOne = """
    CREATE TABLE instance (
        id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
        machine_id TEXT NOT NULL,
        manager TEXT NOT NULL CHECK (manager IN ('user', 'system')),
        boot_id TEXT NOT NULL,
        cgroup_device INTEGER NOT NULL,
        cgroup_inode INTEGER NOT NULL,
        cgroup_namespace INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE workspace (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('worktree', 'adopted')),
        state TEXT NOT NULL CHECK (state IN ('creating', 'active', 'failed', 'deleting')),
        repository TEXT,
        branch TEXT,
        path TEXT NOT NULL,
        worktree_device INTEGER,
        worktree_inode INTEGER,
        request TEXT NOT NULL,
        detail TEXT,
        created_at TEXT NOT NULL,
        branch_was_created INTEGER NOT NULL CHECK (branch_was_created IN (0, 1)),
        CHECK ((worktree_device IS NULL) = (worktree_inode IS NULL))
    ) STRICT;

    CREATE TABLE session (
        id TEXT NOT NULL PRIMARY KEY,
        origin_workspace_id TEXT REFERENCES workspace (id) ON DELETE SET NULL,
        workspace_id TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('shell', 'setup', 'teardown')),
        title TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('starting', 'active', 'stopping', 'exited', 'disposed')),
        command TEXT NOT NULL,
        cwd TEXT NOT NULL,
        on_exit TEXT NOT NULL CHECK (on_exit IN ('kill', 'keep')),
        unit TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        invocation_id TEXT,
        leader_pid INTEGER,
        leader_start INTEGER,
        terminal_device INTEGER,
        exit_code INTEGER,
        exit_signal INTEGER,
        end_reason TEXT CHECK (end_reason IN ('exited', 'signalled', 'killed', 'workspace_deleted', 'oom', 'lost',
            'reboot', 'host_stopped', 'start_failed')),
        dispose_requested_at TEXT,
        last_outcome TEXT,
        members_left INTEGER,
        request TEXT NOT NULL,
        created_at TEXT NOT NULL,
        ended_at TEXT,
        CHECK ((leader_pid IS NULL) = (leader_start IS NULL)),
        CHECK (exit_code IS NULL OR exit_signal IS NULL),
        CHECK ((status IN ('exited', 'disposed')) = (ended_at IS NOT NULL)),
        CHECK ((ended_at IS NULL) = (end_reason IS NULL))
    ) STRICT;

    CREATE INDEX session_status ON session (status);
    CREATE INDEX session_origin ON session (origin_workspace_id);

    CREATE TABLE receipt (
        id TEXT NOT NULL PRIMARY KEY,
        workspace_id TEXT NOT NULL,
        body TEXT NOT NULL,
        created_at TEXT NOT NULL,
        finished_at TEXT
    ) STRICT;

    CREATE INDEX receipt_workspace ON receipt (workspace_id, created_at);

    CREATE TABLE destroy (
        workspace_id TEXT NOT NULL PRIMARY KEY REFERENCES workspace (id),
        receipt_id TEXT NOT NULL REFERENCES receipt (id),
        options TEXT NOT NULL,
        step TEXT,
        attempts INTEGER NOT NULL,
        trash_name TEXT,
        previous_state TEXT NOT NULL CHECK (previous_state IN ('creating', 'active', 'failed')),
        started_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE destroy_step (
        number INTEGER PRIMARY KEY,
        receipt_id TEXT NOT NULL REFERENCES receipt (id) ON DELETE CASCADE,
        step TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT;

    CREATE INDEX destroy_step_receipt ON destroy_step (receipt_id, number);

    CREATE TABLE spent_session (
        id TEXT NOT NULL PRIMARY KEY,
        receipt_id TEXT NOT NULL REFERENCES receipt (id) ON DELETE CASCADE
    ) STRICT;

    CREATE INDEX spent_session_receipt ON spent_session (receipt_id);

    CREATE TABLE trash (
        name TEXT NOT NULL PRIMARY KEY
    ) STRICT;
    """

/// What came after it, one step a migration.
private let laterSteps = [
    "ALTER TABLE destroy ADD COLUMN witnesses TEXT",
    "ALTER TABLE workspace ADD COLUMN limits TEXT",
    "ALTER TABLE session ADD COLUMN limits TEXT",
    "ALTER TABLE workspace ADD COLUMN freeze_idle INTEGER",
    "ALTER TABLE workspace ADD COLUMN expires_at TEXT",
    """
    CREATE TABLE new_session (
        id TEXT NOT NULL PRIMARY KEY,
        origin_workspace_id TEXT REFERENCES workspace (id) ON DELETE SET NULL,
        workspace_id TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('shell', 'setup', 'teardown')),
        title TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('starting', 'active', 'stopping', 'exited', 'disposed')),
        command TEXT NOT NULL,
        cwd TEXT NOT NULL,
        on_exit TEXT NOT NULL CHECK (on_exit IN ('kill', 'keep')),
        unit TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        invocation_id TEXT,
        leader_pid INTEGER,
        leader_start INTEGER,
        terminal_device INTEGER,
        exit_code INTEGER,
        exit_signal INTEGER,
        end_reason TEXT CHECK (end_reason IN ('exited', 'signalled', 'killed', 'workspace_deleted', 'oom', 'lost',
            'reboot', 'host_stopped', 'start_failed', 'max_runtime', 'idle_timeout')),
        dispose_requested_at TEXT,
        last_outcome TEXT,
        members_left INTEGER,
        request TEXT NOT NULL,
        created_at TEXT NOT NULL,
        ended_at TEXT,
        limits TEXT,
        max_runtime INTEGER,
        idle_timeout INTEGER,
        CHECK ((leader_pid IS NULL) = (leader_start IS NULL)),
        CHECK (exit_code IS NULL OR exit_signal IS NULL),
        CHECK ((status IN ('exited', 'disposed')) = (ended_at IS NOT NULL)),
        CHECK ((ended_at IS NULL) = (end_reason IS NULL))
    ) STRICT;

    INSERT INTO new_session (id, origin_workspace_id, workspace_id, kind, title, status, command, cwd, on_exit, unit, boot_id,
        invocation_id, leader_pid, leader_start, terminal_device, exit_code, exit_signal, end_reason, dispose_requested_at,
        last_outcome, members_left, request, created_at, ended_at, limits)
    SELECT id, origin_workspace_id, workspace_id, kind, title, status, command, cwd, on_exit, unit, boot_id,
        invocation_id, leader_pid, leader_start, terminal_device, exit_code, exit_signal, end_reason, dispose_requested_at,
        last_outcome, members_left, request, created_at, ended_at, limits FROM session;

    DROP TABLE session;
    ALTER TABLE new_session RENAME TO session;

    CREATE INDEX session_status ON session (status);
    CREATE INDEX session_origin ON session (origin_workspace_id);
    """,
    """
    ALTER TABLE session ADD COLUMN dispose_reason TEXT CHECK (dispose_reason IN ('exited', 'signalled', 'killed',
        'workspace_deleted', 'oom', 'lost', 'reboot', 'host_stopped', 'start_failed', 'max_runtime', 'idle_timeout'))
    """,
]

@Suite struct `A migration` {
    @Test func `from nothing makes the schema of the first release and what came after it`() async throws {
        let old = ScratchDirectory()
        let expected = try old.withDatabase { database in
            try database.execute(sql: schemaOne)
            for step in laterSteps { try database.execute(sql: step) }
            return try schema(database)
        }
        let new = ScratchDirectory()
        try await Index.open(directory: new.path).close()
        let found = try new.withDatabase { database in
            try schema(database).filter { !$0.hasPrefix("grdb_migrations") }
        }
        #expect(found == expected)
    }

    @Test func `of a file of the first release keeps its rows`() async throws {
        let directory = ScratchDirectory()
        try directory.withDatabase { database in
            try database.execute(sql: schemaOne)
            try database.execute(
                sql: """
                    PRAGMA application_id = 1131573868;
                    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                    INSERT INTO grdb_migrations VALUES ('1');
                    INSERT INTO instance VALUES (1, 'm', 'user', 'b', 29, 5, 4026531835);
                    INSERT INTO workspace VALUES ('wk4m2', 'n', 'worktree', 'deleting', '/r', 'main', '/p', 66306, -1, '{}',
                        NULL, '2025-11-22 21:02:58.123', 1);
                    INSERT INTO session VALUES ('s9x1', 'wk4m2', 'wk4m2', 'shell', 't', 'exited', '["sh","-c"]', '/p', 'keep',
                        'u', 'b', 'i', 17, 18, 34816, 3, NULL, 'exited', '2025-11-22 21:02:58.124', 'confirmed', 2, '{}',
                        '2025-11-22 21:02:58.123', '2025-11-22 21:02:58.125');
                    INSERT INTO receipt VALUES ('r1', 'wk4m2', '{}', '2025-11-22 21:02:58.123', NULL);
                    INSERT INTO destroy VALUES ('wk4m2', 'r1', '{}', 'stop', 2, NULL, 'active', '2025-11-22 21:02:58.123');
                    INSERT INTO destroy_step (receipt_id, step, at) VALUES ('r1', 'stop', '2025-11-22 21:02:58.123');
                    INSERT INTO spent_session VALUES ('sold', 'r1');
                    INSERT INTO trash VALUES ('t');
                    """)
        }
        let index = try await Index.open(directory: directory.path)
        #expect(
            try await index.facts()
                == InstanceFacts(
                    machineID: "m", manager: .user, bootID: "b", cgroup: FileIdentity(device: 29, inode: 5),
                    cgroupNamespace: 4_026_531_835))
        let workspace = WorkspaceID("wk4m2")!
        #expect(
            try await index.workspaces() == [
                WorkspaceRow(
                    id: workspace, name: "n", kind: .worktree, state: .deleting, repository: "/r", branch: "main",
                    path: "/p", worktreeIdentity: FileIdentity(device: 66306, inode: .max), request: "{}",
                    createdAt: Sample.moment, branchWasCreated: true)
            ])
        #expect(
            try await index.sessions(includeEnded: true) == [
                SessionRow(
                    id: SessionID("s9x1")!, originWorkspaceID: workspace, workspaceID: workspace, kind: .shell,
                    title: "t",
                    status: .exited, command: ["sh", "-c"], cwd: "/p", onExit: .keep, unit: "u", bootID: "b",
                    leader: ProcessIdentity(pid: ProcessID(17), startTicks: 18),
                    terminalDevice: 34816, exit: .code(3), endReason: .exited, disposeRequestedAt: Sample.later(0.001),
                    lastOutcome: "confirmed", membersLeft: 2, request: "{}", createdAt: Sample.moment,
                    endedAt: Sample.later(0.002))
            ])
        #expect(
            try await index.destroys() == [
                DestroyRow(
                    workspaceID: workspace, receiptID: "r1", options: "{}", step: "stop", attempts: 2,
                    previousState: .active, startedAt: Sample.moment)
            ])
        #expect(try await index.receipts(limit: 9) == [Sample.receiptOfOne])
        #expect(try await index.steps("r1") == [StepRow(step: "stop", at: Sample.moment)])
        #expect(try await index.setWitnesses(workspace, witnesses: "[]"))
        #expect(try await index.destroy(workspace)?.witnesses == "[]")
        #expect(try await index.setFreezeIdle(workspace, 1800))
        #expect(try await index.workspace(workspace)?.freezeIdle == 1800)
        #expect(try await index.setExpiry(workspace, Sample.later(60)))
        #expect(try await index.workspace(workspace)?.expiresAt == Sample.later(60))
        #expect(try await index.setExpiry(workspace, nil))
        #expect(try await index.workspace(workspace)?.expiresAt == nil)
        #expect(try await index.trash() == ["t"])
        #expect(try await index.finishDestroy(workspace, receiptBody: "{}", at: Sample.moment))
        try await index.close()
    }

    private func schema(_ database: Database) throws -> [String] {
        let entry = "tbl_name || ' ' || type || ' ' || name || ': ' || coalesce(sql, '')"
        return try String.fetchAll(database, sql: "SELECT \(entry) AS entry FROM sqlite_master ORDER BY entry")
    }
}

extension Sample {
    fileprivate static let receiptOfOne = ReceiptRow(
        id: "r1", workspaceID: WorkspaceID("wk4m2")!, body: "{}", createdAt: moment)
}
