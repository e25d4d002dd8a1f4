import TestSupport
import Testing

/// Tests with real processes, terminals, cgroups and a real systemd.
///
/// One after the other: each starts processes by the dozen, and the library's thread that waits for exit tests goes round and
/// round for as long as there is a dead child of ours that is not collected yet.
@Suite(.serialized, .enabled(if: Ground.isAvailable, Comment(rawValue: Ground.reason)))
struct `Ground truth` {}
