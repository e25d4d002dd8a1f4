import Testing

@testable import CgroupPty

@Suite struct `A unit's description` {
    /// Symptom: a session ended at the next reload of systemd. Cause: its workspace's directory had a newline in its name, and what
    /// followed was read as a directive (`RuntimeMaxSec=2`).
    @Test(
        arguments: [
            (
                "Corral n\n[Scope]\nRuntimeMaxSec=2\n#: sleep",
                "Corral n\u{fffd}[Scope]\u{fffd}RuntimeMaxSec=2\u{fffd}#: sleep"
            ),
            ("Corral w: a\\", "Corral w: a/"),
            ("Corral w: \u{1b}[2J\u{85}\u{2028}", "Corral w: \u{fffd}[2J\u{fffd}\u{fffd}"),
            ("Corral ö 日本 %n \"x\"", "Corral ö 日本 %n \"x\""),
        ]) func `is one line in which systemd finds nothing but text`(text: String, line: String)
    {
        #expect(OneLine.description(text) == line)
    }
}
