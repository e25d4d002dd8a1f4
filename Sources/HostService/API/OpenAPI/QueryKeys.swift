/// What the keys of queries mean: a name means the same wherever it is understood.
enum QueryKeys {
    /// Schema and meaning of a key; nil for one that is not listed here.
    static func parameter(_ name: String, isNeeded: Bool) -> SchemaValue? {
        guard let (schema, text) = known[name] else { return nil }
        return [
            "name": .text(name), "in": "query", "required": .truth(isNeeded), "schema": schema,
            "description": .text(text),
        ]
    }

    static let id: SchemaValue = ["type": "string", "pattern": "^[a-z0-9]{4,32}$"]
    private static let flag: SchemaValue = ["type": "boolean"]
    private static let cells: SchemaValue = ["type": "integer", "minimum": 1, "maximum": 1000]

    private static let known: [String: (SchemaValue, String)] = [
        "abandon": (flag, "Go on when processes cannot be ended; the reaper goes on trying."),
        "all": (flag, "Also those that are being deleted."),
        "cells": (flag, "With the looks of each run of characters."),
        "columns": (cells, "Width of the client's window, given with `rows`."),
        "delete_branch": (flag, "Also delete the branch: when it is merged, or with `force`."),
        "dry_run": (flag, "Say what would happen and do nothing."),
        "epoch": (["type": "string"], "The run that `from` counts in."),
        "follow": (flag, "Go on with what comes, which is so when it is absent."),
        "force": (flag, "Kill at once, and skip the checks for work that would be lost."),
        "from": (
            ["type": "integer", "minimum": 0, "maximum": .whole(.max)],
            "Sequence number of the first byte that is wanted."
        ),
        "history": (
            ["type": "integer", "minimum": 0, "maximum": 1000], "Lines that have scrolled off, at most."
        ),
        "idle": (
            ["type": "number", "minimum": 0, "maximum": 31_536_000],
            "Seconds since the user of a client that comes back typed last."
        ),
        "port": (["type": "integer", "minimum": 1, "maximum": 65535], "The port's number."),
        "protocol": (["type": "string", "enum": ["tcp", "udp"]], "Only this one; both when absent."),
        "read_only": (flag, "Only look: what the client sends is dropped."),
        "rows": (cells, "Height of the client's window, given with `columns`."),
        "sessions_of": (
            ["type": "string", "pattern": "^([a-z0-9]{4,32}(,[a-z0-9]{4,32})*)?$"],
            "Only the sessions of these workspaces, with commas between them; of all when absent, none when empty."
        ),
        "since": (["type": "string"], "The id of an event, or `oldest`."),
        "teardown": (["type": "string", "enum": ["run", "skip"]], "What becomes of the teardown script."),
        "timeout": (
            ["type": "number", "minimum": 0, "maximum": 3600],
            "Seconds after which the answer is given with what is known. A count of files takes 300 at most."
        ),
        "unclaimed": (flag, "Also end what no record explains."),
        "workspace": (id, "Of this workspace only."),
    ]
}
