/// What a session of a history runs. Each says `ready` when it is what it is called.
enum HistoryChild: Int, CaseIterable, Sendable {
    case plain, ignoresHangup, ignoresAllButKill, detached, forksOnTerm, stopped

    /// The kind that a number stands for.
    init(number: Int) { self = Self.allCases[number % Self.allCases.count] }

    var script: String {
        switch self {
        case .plain: "echo ready; exec sleep 1000"
        case .ignoresHangup: "trap '' HUP; sleep 1000 & echo ready; exec sleep 1000"
        case .ignoresAllButKill: "trap '' HUP TERM INT QUIT; sleep 1000 & echo ready; exec sleep 1000"
        case .detached:
            "(setsid sh -c 'cd /; exec sleep 1000 </dev/null >/dev/null 2>&1' &); sleep 0; echo ready; exec sleep 1000"
        case .forksOnTerm:
            "(trap 'sleep 1000 & sleep 1000 &' TERM HUP; while :; do sleep 1000; done) & echo ready; exec sleep 1000"
        case .stopped: "sleep 1000 & kill -STOP $!; echo ready; exec sleep 1000"
        }
    }
}
