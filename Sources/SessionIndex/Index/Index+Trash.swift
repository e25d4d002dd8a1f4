import GRDB

extension Index {
    /// Adds the name of a directory in the trash that is to be removed. One that is there already stays.
    public func addTrash(_ name: String) async throws(IndexFailure) {
        try await write("add trash", name) { database in
            try database.change("INSERT OR IGNORE INTO trash (name) VALUES (?)", [name])
            return
        }
    }

    /// Names of directories in the trash that are still to be removed, sorted.
    public func trash() async throws(IndexFailure) -> [String] {
        try await read("read trash", "") { database in
            try String.fetchAll(database, sql: "SELECT name FROM trash ORDER BY name")
        }
    }

    /// Forgets the name of a directory that was removed.
    public func removeTrash(_ name: String) async throws(IndexFailure) {
        try await write("forget trash", name) { database in
            try database.change("DELETE FROM trash WHERE name = ?", [name])
            return
        }
    }
}
