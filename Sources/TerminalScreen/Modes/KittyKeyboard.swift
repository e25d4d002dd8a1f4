/// One screen's flags of the kitty keyboard protocol.
///
/// See: https://sw.kovidgoyal.net/kitty/keyboard-protocol/, "Progressive enhancement"
struct KittyKeyboard: Equatable {
    /// Flags kept, those in force included. The protocol leaves the number to the terminal; the oldest go first.
    static let capacity = 8
    /// The five flags that exist.
    private static let known = 0x1f

    /// The flags in force, last, and those that pops bring back.
    private(set) var stack = [0]

    /// The flags in force.
    var flags: Int { stack.last ?? 0 }

    mutating func push(_ flags: Int) {
        if stack.count == Self.capacity { stack.removeFirst() }
        stack.append(flags & Self.known)
    }

    /// Popping more than there is leaves no flags.
    mutating func pop(_ count: Int) {
        stack.removeLast(min(max(count, 1), stack.count))
        if stack.isEmpty { stack = [0] }
    }

    /// Mode 1 replaces the flags, 2 adds to them, 3 takes away.
    mutating func set(_ flags: Int, mode: Int) {
        let last = stack.count - 1
        switch mode {
        case 1: stack[last] = flags & Self.known
        case 2: stack[last] |= flags & Self.known
        case 3: stack[last] &= ~flags
        default: break
        }
    }
}
