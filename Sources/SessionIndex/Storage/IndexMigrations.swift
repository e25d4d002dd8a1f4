import GRDB

/// The shape of the database, one migration a release that changed it.
///
/// A migration that was shipped is never edited: a later one changes what it made. Words of enums stand in `CHECK`s, so
/// a new word takes a migration that rebuilds its table. Tables are `STRICT`; moments are UTC texts (``StoredDate``).
enum IndexMigrations {
    /// "Crrl", in the header of the file, so that file(1) and we ourselves can tell the database from any other.
    static let applicationID: Int32 = 0x4372_726C

    /// All migrations, the first one first.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(sql: first)
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        }
        // Whom a delete has seen inside before it signalled anybody, as JSON; NULL before that.
        migrator.registerMigration("2") { database in
            try database.execute(sql: "ALTER TABLE destroy ADD COLUMN witnesses TEXT")
        }
        // Limits of memory, processors, tasks and disks, as `memory_max=4294967296 tasks_max=512`; NULL for none.
        migrator.registerMigration("3") { database in
            try database.execute(sql: "ALTER TABLE workspace ADD COLUMN limits TEXT")
            try database.execute(sql: "ALTER TABLE session ADD COLUMN limits TEXT")
        }
        // Seconds of no use after which a workspace is frozen: 0 for never, NULL for what the host is told.
        migrator.registerMigration("4") { database in
            try database.execute(sql: "ALTER TABLE workspace ADD COLUMN freeze_idle INTEGER")
        }
        // Lifetimes, and two more reasons for an end, which stand in a CHECK.
        migrator.registerMigration("5") { database in
            try database.execute(sql: "ALTER TABLE workspace ADD COLUMN expires_at TEXT")
            try database.execute(sql: lifetimes)
        }
        // Why a session's end was asked for; NULL where nobody said.
        migrator.registerMigration("6") { database in
            try database.execute(
                sql: """
                    ALTER TABLE session ADD COLUMN dispose_reason TEXT CHECK (dispose_reason IN ('exited', 'signalled', 'killed',
                        'workspace_deleted', 'oom', 'lost', 'reboot', 'host_stopped', 'start_failed', 'max_runtime', 'idle_timeout'))
                    """)
        }
        return migrator
    }

    /// Refuses a database that is not ours to write: another program's, or a later release's. Changes nothing.
    ///
    /// A file that is still empty passes, and so does one whose creation was cut off before the first migration.
    /// - Throws: ``IndexFailure/foreign(path:applicationID:)``, ``IndexFailure/newerSchema(path:migrations:)``, and
    ///   what GRDB throws.
    static func check(_ database: Database, path: String) throws {
        let found = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        if found != applicationID {
            let others = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM sqlite_master WHERE tbl_name NOT LIKE 'grdb\\_%' ESCAPE '\\'")
            guard found == 0, others == 0 else { throw IndexFailure.foreign(path: path, applicationID: found) }
        }
        let known = Set(migrator.migrations)
        let unknown = try migrator.appliedIdentifiers(database).subtracting(known)
        guard unknown.isEmpty else { throw IndexFailure.newerSchema(path: path, migrations: unknown.sorted()) }
    }

    /// What the first release made.
    ///
    /// `session.origin_workspace_id` is set to NULL when a workspace's row goes, never cascaded: a foreign key cannot
    /// know whether a process died. Only what hangs on a receipt goes with it: the history of its steps, and the ids of
    /// sessions that may be used again once nobody can be told any more what became of them.
    private static let first = """
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

    /// Makes the table of sessions anew, with its rows. Nothing refers to it.
    private static let lifetimes = """
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
        """
}
