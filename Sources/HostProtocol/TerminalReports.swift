/// Tells what a terminal says of itself from what a person types.
///
/// A program asks where the cursor is, and each window that is given the query answers; one that is only looked at says when it gets the focus.
/// None of that is somebody's use of the terminal. Only input that is nothing but reports counts as such, so a key never does; a
/// function key that looks like a report (F3 with a modifier, as xterm sends it) does, and so does not decide on a size.
///
/// See: ECMA-48 CPR, DSR, DA; xterm's control sequences, "Mouse Tracking", DECRPM; kitty's keyboard protocol, `CSI ? flags u`
public enum TerminalReports {
    /// Whether the bytes are reports and nothing else.
    public static func areAll(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let count = length(of: rest) else { return false }
            rest = rest.dropFirst(count)
        }
        return !bytes.isEmpty
    }

    /// Bytes of the report at the beginning; nil when there is none, or not all of it.
    private static func length(of bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count > 2, bytes[bytes.startIndex] == 0x1b else { return nil }
        switch bytes[bytes.startIndex + 1] {
        case UInt8(ascii: "["): return control(bytes)
        // OSC, DCS, APC: answers, since no key is a string.
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"): return string(bytes)
        default: return nil
        }
    }

    private static func control(_ bytes: ArraySlice<UInt8>) -> Int? {
        let body = bytes.dropFirst(2)
        let parameters = body.prefix { (0x30...0x3f).contains($0) }
        let between = body.dropFirst(parameters.count).prefix { (0x20...0x2f).contains($0) }
        guard let final = body.dropFirst(parameters.count + between.count).first else { return nil }
        let count = 2 + parameters.count + between.count + 1
        let isPrivate = parameters.first.map { $0 >= UInt8(ascii: "<") } ?? false
        let isReport =
            switch (final, between.first) {
            case (UInt8(ascii: "I"), nil), (UInt8(ascii: "O"), nil): parameters.isEmpty
            case (UInt8(ascii: "R"), nil): parameters.contains(UInt8(ascii: ";"))
            case (UInt8(ascii: "c"), nil), (UInt8(ascii: "u"), nil): isPrivate
            case (UInt8(ascii: "n"), nil), (UInt8(ascii: "t"), nil): !parameters.isEmpty
            case (UInt8(ascii: "y"), UInt8(ascii: "$")): true
            case (UInt8(ascii: "M"), nil), (UInt8(ascii: "m"), nil): isMotion(parameters)
            default: false
            }
        return isReport ? count : nil
    }

    /// A mouse that moves over a window, with no button held down. A button is somebody's.
    private static func isMotion(_ parameters: ArraySlice<UInt8>) -> Bool {
        guard parameters.first == UInt8(ascii: "<") else { return false }
        let button = String(decoding: parameters.dropFirst().prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
        // 32 is added for motion; 3 is no button.
        return Int(button).map { $0 & 32 != 0 && $0 & 3 == 3 } ?? false
    }

    private static func string(_ bytes: ArraySlice<UInt8>) -> Int? {
        for index in bytes.indices.dropFirst(2) {
            if bytes[index] == 0x07 { return index - bytes.startIndex + 1 }
            if bytes[index] == UInt8(ascii: "\\"), bytes[index - 1] == 0x1b { return index - bytes.startIndex + 1 }
        }
        return nil
    }
}
