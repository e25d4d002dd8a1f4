/// Output of which every byte is known from its number: line after line of nine digits, counted from zero, each ended by CR and LF.
///
/// Whoever gets bytes with a sequence number can say whether they are the right ones, wherever the output was cut.
public enum CountedLines {
    /// What a session runs to print them for ever, or until a line.
    public static func command(until last: Int = 99_999_999) -> [String] {
        ["/bin/sh", "-c", "exec seq -f %09.0f 0 \(last)"]
    }

    private static let lineLength: UInt64 = 11

    /// The byte at a sequence number.
    public static func byte(at sequence: UInt64) -> UInt8 {
        var line = sequence / lineLength
        let place = Int(sequence % lineLength)
        if place == 9 { return 13 }
        if place == 10 { return 10 }
        for _ in 0..<(8 - place) { line /= 10 }
        return UInt8(48 + line % 10)
    }

    /// Where bytes that begin at a sequence number are not the right ones.
    public static func firstFault(in bytes: [UInt8], from sequence: UInt64) -> UInt64? {
        // By lines: a byte at a time takes longer than the terminal.
        var next = sequence
        var index = 0
        while index < bytes.count {
            if next % lineLength == 0, bytes.count - index >= Int(lineLength) {
                var line = next / lineLength
                var expected: [UInt8] = [48, 48, 48, 48, 48, 48, 48, 48, 48, 13, 10]
                for place in stride(from: 8, through: 0, by: -1) {
                    expected[place] = UInt8(48 + line % 10)
                    line /= 10
                }
                if bytes[index..<(index + Int(lineLength))].elementsEqual(expected) {
                    index += Int(lineLength)
                    next += lineLength
                    continue
                }
            }
            if bytes[index] != byte(at: next) { return next }
            index += 1
            next += 1
        }
        return nil
    }
}
