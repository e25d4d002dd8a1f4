import GRDB

extension Index {
    /// Where this index was last the index; nil in a new one.
    public func facts() async throws(IndexFailure) -> InstanceFacts? {
        try await read("read the instance's facts", "") { database in
            try InstanceFacts.fetchFirst(database, "")
        }
    }

    /// Records where this index is the index now.
    public func setFacts(_ facts: InstanceFacts) async throws(IndexFailure) {
        try await write("record the instance's facts", "") { database in
            try database.change("DELETE FROM instance")
            let columns = ["id"] + InstanceFacts.columns
            let places = columns.map { _ in "?" }.joined(separator: ", ")
            try database.change(
                "INSERT INTO instance (\(columns.joined(separator: ", "))) VALUES (\(places))", [1] + facts.values)
        }
    }
}
