import CgroupPty

/// What people, programs and accidents did to a host, one event after the other.
///
/// An event names what it happens to by a number, taken modulo what there is, so that a history from which events were taken away
/// is a history too. Its text can be run again: `w s0 c k1 d0`.
struct History: Sendable, Equatable, CustomStringConvertible {
    enum Event: Sendable, Equatable {
        /// A worktree workspace is created.
        case workspace
        /// A session is created in a workspace, and runs one of the ``HistoryChild`` kinds.
        case session(Int)
        /// A session's leader ends by itself.
        case exit(Int)
        /// A session is killed by a person.
        case kill(Int)
        /// A workspace is deleted.
        case delete(Int)
        /// The host is killed, and started again by systemd.
        case crash
        /// The host is killed while it deletes.
        case crashInDelete(Int)
        /// The host is killed while it kills a session.
        case crashInKill(Int)
        /// The host is killed while it creates a session.
        case crashInSession(Int)
        /// The host is restarted in order.
        case restart
        /// A pass of the reaper.
        case reap
        /// A session's row is lost, and the host is killed.
        case loseRow(Int)
    }

    var events: [Event]

    /// A history by chance, the same for the same seed.
    init(seed: UInt64, count: Int) {
        var chance = HistoryChance(state: seed)
        events = (0..<count).map { _ in Self.event(chance.below(100), chance.below(64)) }
        // Without these, most of what follows would find nothing to happen to.
        events.insert(contentsOf: [.workspace, .session(chance.below(64))], at: 0)
    }

    init(events: [Event]) { self.events = events }

    /// Reads what ``description`` writes; nil for anything else.
    init?(_ text: String) {
        let events = text.split(separator: " ").map { Self.event(String($0)) }
        guard events.allSatisfy({ $0 != nil }) else { return nil }
        self.events = events.compactMap { $0 }
    }

    private static func event(_ kind: Int, _ number: Int) -> Event {
        switch kind {
        case ..<12: .workspace
        case ..<42: .session(number)
        case ..<50: .exit(number)
        case ..<60: .kill(number)
        case ..<68: .delete(number)
        case ..<73: .crash
        case ..<78: .crashInDelete(number)
        case ..<82: .crashInKill(number)
        case ..<86: .crashInSession(number)
        case ..<89: .restart
        case ..<96: .reap
        default: .loseRow(number)
        }
    }

    var description: String { events.map(Self.text).joined(separator: " ") }

    private static func text(_ event: Event) -> String {
        switch event {
        case .workspace: "w"
        case .session(let number): "s\(number)"
        case .exit(let number): "e\(number)"
        case .kill(let number): "k\(number)"
        case .delete(let number): "d\(number)"
        case .crash: "c"
        case .crashInDelete(let number): "D\(number)"
        case .crashInKill(let number): "K\(number)"
        case .crashInSession(let number): "S\(number)"
        case .restart: "r"
        case .reap: "p"
        case .loseRow(let number): "l\(number)"
        }
    }

    private static func event(_ text: String) -> Event? {
        let number = Int(text.dropFirst())
        return switch (text.first, number) {
        case ("w", nil): .workspace
        case ("c", nil): .crash
        case ("r", nil): .restart
        case ("p", nil): .reap
        case ("s", let number?): .session(number)
        case ("e", let number?): .exit(number)
        case ("k", let number?): .kill(number)
        case ("d", let number?): .delete(number)
        case ("D", let number?): .crashInDelete(number)
        case ("K", let number?): .crashInKill(number)
        case ("S", let number?): .crashInSession(number)
        case ("l", let number?): .loseRow(number)
        default: nil
        }
    }
}

/// Numbers by chance that are the same for the same seed. See: SplitMix64, Steele and others, 2014
struct HistoryChance {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((z ^ (z >> 31)) % UInt64(limit))
    }
}
