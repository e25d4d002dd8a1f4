import Glibc

/// Output of which every byte is known from its number: line after line of nine digits, counted from zero, each ended by CR and LF.
///
/// Whoever gets bytes with a sequence number can say whether they are the right ones, wherever the output was cut.
public enum CountedLines {
    /// What a session runs to print them for ever, or until a line.
    public static func command(until last: Int = 99_999_999) -> [String] {
        ["/bin/sh", "-c", "exec seq -f %09.0f 0 \(last)"]
    }

    /// What a session runs to print fifty of them, again and again, ten times a second.
    public static let slowly = [
        "perl", "-e",
        "$| = 1; while (1) { print map { sprintf \"%09d\\n\", $n++ } 1..50; select undef, undef, undef, 0.1 }",
    ]

    /// What a session runs to print a hundred of them, again and again, a hundred times a second: 110 KB.
    public static let briskly = [
        "perl", "-e",
        "$| = 1; while (1) { print map { sprintf \"%09d\\n\", $n++ } 1..100; select undef, undef, undef, 0.01 }",
    ]

    /// What a session runs to print a hundred of them, and then as many more as each line of its input says.
    ///
    /// It echoes nothing, so that a test decides when each byte comes, and that none comes in between.
    public static let onDemand = [
        "/bin/sh", "-c",
        """
        stty -echo; next=100; seq -f %09.0f 0 99
        while read -r count; do
            seq -f %09.0f $next $((next + count - 1)); next=$((next + count))
        done
        """,
    ]

    /// Bytes of one of them.
    public static let lineLength: UInt64 = 11

    /// The line of a number as a screen shows it.
    public static func text(_ line: UInt64) -> String {
        let digits = String(line)
        return String(repeating: "0", count: 9 - digits.count) + digits
    }

    /// The first million lines. The others differ from them in their first three digits.
    private static let million: [UInt8] = {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1_000_000 * Int(lineLength))
        var line: [UInt8] = Array("000000000\r\n".utf8)
        for _ in 0..<1_000_000 {
            bytes.append(contentsOf: line)
            var place = 8
            while line[place] == 57 {
                line[place] = 48
                place -= 1
            }
            line[place] += 1
        }
        return bytes
    }()

    /// The bytes from a sequence number on.
    public static func bytes(from sequence: UInt64, count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let next = sequence + UInt64(bytes.count)
            let (millions, place) = next.quotientAndRemainder(dividingBy: UInt64(million.count))
            let piece = min(count - bytes.count, million.count - Int(place))
            let first = bytes.count
            bytes.append(contentsOf: million[Int(place)..<(Int(place) + piece)])
            guard millions > 0 else { continue }
            let digits = [millions / 100, millions / 10 % 10, millions % 10].map { UInt8(48 + $0) }
            // By bytes only where they differ: a byte at a time takes longer than the terminal.
            bytes.withUnsafeMutableBufferPointer { all in
                var start = first - Int(place % lineLength)
                while start < all.count {
                    for index in 0..<3 where start + index >= first && start + index < all.count {
                        all[start + index] = digits[index]
                    }
                    start += Int(lineLength)
                }
            }
        }
        return bytes
    }

    /// Where bytes that begin at a sequence number are not the right ones.
    public static func firstFault(in bytes: [UInt8], from sequence: UInt64) -> UInt64? {
        let right = Self.bytes(from: sequence, count: bytes.count)
        if bytes.isEmpty || memcmp(bytes, right, bytes.count) == 0 { return nil }
        return bytes.indices.first { bytes[$0] != right[$0] }.map { sequence + UInt64($0) }
    }
}
