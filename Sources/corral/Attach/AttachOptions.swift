import ArgumentParser

/// What can be chosen when attaching.
struct AttachOptions: ParsableArguments {
    @Flag(help: "Only look: type nothing and leave the size alone.")
    var readOnly = false

    @Option(
        help: ArgumentHelp(
            "Keys that detach, with commas between them; `none` for none. Ctrl-\\ d when absent.",
            valueName: "keys"
        )
    )
    var detachKeys: DetachKeys?

    /// Whether any was chosen.
    var areGiven: Bool { readOnly || detachKeys != nil }
}
