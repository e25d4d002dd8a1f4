/// A real git repository with a little history, in a directory of its own.
public struct SampleRepository: Sendable {
    /// Absolute path of its main worktree.
    public let path: String

    /// Makes a repository with three commits on `main`.
    public init(in directory: TemporaryDirectory, name: String = "project") throws {
        path = "\(directory.path)/\(name)"
        try Shell.run(
            """
            git init -q -b main "\(path)"
            cd "\(path)"
            git config user.name Test; git config user.email test@example.org
            for n in 1 2 3; do echo "line $n" >> file; git add file; git commit -qm "commit $n"; done
            """)
    }

    /// Runs git in the main worktree, or in another directory.
    @discardableResult
    public func git(_ arguments: String, in directory: String? = nil) throws -> String {
        try Shell.run("git \(arguments)", in: directory ?? path)
    }

    /// Commits a script for `sh`, `setup` or `teardown`, so that every new worktree has it.
    public func commitScript(_ name: String, _ script: String) throws {
        try Shell.run(
            """
            mkdir -p .corral
            printf '%s\\n' '#!/bin/sh' "$SCRIPT" > .corral/\(name)
            chmod +x .corral/\(name)
            git add .corral; git commit -qm "\(name) script"
            """, in: path, environment: ["SCRIPT": script])
    }
}
