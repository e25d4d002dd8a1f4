import ArgumentParser

/// `corral workspace …`
struct WorkspaceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workspace",
        abstract: "Create, list and delete workspaces.",
        discussion: """
            A workspace is a directory with a systemd slice of its own: a git worktree that Corral makes and removes, or a \
            directory of yours that it only adopts.

            Example:
              corral workspace create --repository ~/src/app --branch fix-login
            """,
        subcommands: [
            WorkspaceCreate.self, WorkspaceAdopt.self, WorkspaceList.self, WorkspaceShow.self, WorkspaceLimit.self,
            WorkspaceDisk.self, WorkspaceDelete.self,
            WorkspaceFreeze.self, WorkspaceThaw.self, WorkspaceFreezeIdle.self,
            WorkspaceExpire.self,
        ],
        aliases: ["ws"]
    )
}
