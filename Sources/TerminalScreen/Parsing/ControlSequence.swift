/// A control sequence: CSI, an optional marker, parameters, an optional intermediate byte, a final byte.
///
/// See: ECMA-48 5.4; xterm's ctlseqs
struct ControlSequence {
    /// Parameters kept; xterm keeps 30. What comes after them is dropped.
    static let parametersKept = 32
    /// Greatest value of a parameter; a greater one becomes this. No sequence that is known has use for more.
    static let greatestParameter: Int32 = 65_535
    /// Stands for a parameter that was left out.
    private static let missing: Int32 = -1

    /// `?`, `>`, `=` or `<`, or 0.
    var marker: UInt8 = 0
    /// A byte from 0x20 to 0x2f, or 0; 0xff when there were several, which no known sequence has.
    var intermediate: UInt8 = 0
    /// The byte that says what the sequence does.
    var final: UInt8 = 0
    private var values: [Int32] = []
    /// Bit i is set when parameter i was joined to the one before it by a colon.
    private var joined: UInt32 = 0
    /// Whether no parameter is taken any more.
    private var isFull = false

    /// Makes it empty and keeps its memory.
    mutating func clear() {
        marker = 0
        intermediate = 0
        values.removeAll(keepingCapacity: true)
        joined = 0
        isFull = false
    }

    /// How many parameters there are; `CSI m` has none.
    var count: Int { values.count }

    /// A parameter, or the fallback where it is missing.
    func parameter(_ index: Int, or fallback: Int) -> Int {
        index < values.count && values[index] != Self.missing ? Int(values[index]) : fallback
    }

    /// A count of cells or lines: missing and 0 mean 1.
    func amount(_ index: Int = 0) -> Int { max(1, parameter(index, or: 1)) }

    /// Whether a colon joins the parameter to the one before it, as in `4:3`.
    func isJoined(_ index: Int) -> Bool { index < values.count && joined & (1 << UInt32(index)) != 0 }

    mutating func take(digit: UInt8) {
        if isFull { return }
        if values.isEmpty { values.append(Self.missing) }
        let last = values.count - 1
        values[last] = min(max(values[last], 0) * 10 + Int32(digit & 0x0f), Self.greatestParameter)
    }

    mutating func takeSeparator(joins: Bool) {
        if values.isEmpty { values.append(Self.missing) }
        guard !isFull, values.count < Self.parametersKept else {
            isFull = true
            return
        }
        if joins { joined |= 1 << UInt32(values.count) }
        values.append(Self.missing)
    }

    mutating func take(intermediate byte: UInt8) { intermediate = intermediate == 0 ? byte : 0xff }
}
