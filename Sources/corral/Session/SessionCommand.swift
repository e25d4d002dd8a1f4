import ArgumentParser

/// `corral session …`
struct SessionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "Start, list, use and kill sessions.",
        discussion: """
            A session is a terminal in a workspace. It lives on when nobody is attached.

            Example:
              corral session create fix-login --title tests -- make watch
            """,
        subcommands: [
            SessionCreate.self, SessionList.self, SessionShow.self, SessionKill.self, SessionSend.self,
            SessionRead.self, SessionLogs.self, SessionWait.self, SessionResize.self, SessionLimit.self,
            SessionFreeze.self, SessionThaw.self,
        ]
    )
}
