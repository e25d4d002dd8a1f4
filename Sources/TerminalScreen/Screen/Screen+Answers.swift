/// What a terminal answers to a program, for a screen that stands in for one.
///
/// It says of itself what libvterm does, the VT100 with AVO that most programs take any terminal for; of the rest only what it knows.
/// Colours, sizes in pixels, the keyboard protocol and strings (XTGETTCAP, DECRQSS) are left unanswered, as by a terminal without
/// them: a program that asks for those asks for the attributes right behind, and takes that answer for the end.
///
/// See: xterm's ctlseqs, "Functions using CSI": DA, DSR, DECRQM, XTVERSION, XTWINOPS
extension Screen {
    /// Bytes of answers that wait to be taken, at most; later queries are not answered.
    static let answersKept = 4096

    /// Takes the answers to what was asked since ``answersQueries`` was set.
    public func takeAnswers() -> [UInt8] {
        defer { answers = [] }
        return answers
    }

    /// Whether bytes may have a query in them that a screen answers, told quickly; not when one is cut off at the end.
    public static func mayAsk(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while let escape = rest.firstIndex(of: 0x1b) {
            rest = rest[(escape + 1)...]
            guard rest.first == UInt8(ascii: "[") else { continue }
            let body = rest.dropFirst().prefix(16)
            guard let end = body.firstIndex(where: { $0 >= 0x40 }) else { continue }
            switch body[end] {
            case UInt8(ascii: "c"), UInt8(ascii: "n"): return true
            case UInt8(ascii: "p"): if body[..<end].last == UInt8(ascii: "$") { return true }
            case UInt8(ascii: "q"): if body.first == UInt8(ascii: ">") { return true }
            case UInt8(ascii: "t"): if body[..<end].elementsEqual("18".utf8) { return true }
            default: break
            }
        }
        return false
    }

    /// Answers a sequence if it is a query, and answers are wanted.
    func answer(_ sequence: ControlSequence) {
        guard answersQueries, answers.count < Self.answersKept, let text = text(answering: sequence) else { return }
        answers.append(contentsOf: text.utf8)
    }

    private func text(answering sequence: ControlSequence) -> String? {
        let first = sequence.parameter(0, or: 0)
        let (marker, intermediate) = (Unicode.Scalar(sequence.marker), Unicode.Scalar(sequence.intermediate))
        // The answers to some have the form of a query, and a terminal that echoes shows them again.
        let isAlone = sequence.count <= 1
        switch (marker, intermediate, Unicode.Scalar(sequence.final)) {
        case ("\0", "\0", "c") where first == 0 && isAlone: return "\u{1b}[?1;2c"
        case (">", "\0", "c") where first == 0 && isAlone: return "\u{1b}[>0;100;0c"
        case ("\0", "\0", "n") where first == 5: return "\u{1b}[0n"
        case ("\0", "\0", "n") where first == 6: return "\u{1b}[\(place)R"
        case ("?", "\0", "n") where first == 6: return "\u{1b}[?\(place)R"
        case (">", "\0", "q") where first == 0: return "\u{1b}P>|corral\u{1b}\\"
        case ("?", "$", "p"): return "\u{1b}[?\(first);\(modes.state(ofPrivateMode: first))$y"
        case ("\0", "$", "p"): return "\u{1b}[\(first);\(state(ofMode: first))$y"
        case ("\0", "\0", "t") where first == 18: return "\u{1b}[8;\(rows);\(columns)t"
        default: return nil
        }
    }

    /// Row and column of the cursor, which in origin mode count from the margins.
    private var place: String {
        let (position, origin) = (position, origin(whenSet: modes.isOrigin))
        return "\(position.row - origin.row + 1);\(position.column - origin.column + 1)"
    }

    private func state(ofMode mode: Int) -> Int {
        switch mode {
        case 4: modes.isInsert ? 1 : 2
        case 20: modes.isNewline ? 1 : 2
        default: 0
        }
    }
}

extension ScreenModes {
    /// 1 for a private mode that is set, 2 for one that is not, 0 for one that is not known here.
    fileprivate func state(ofPrivateMode number: Int) -> Int {
        if let mode = Self.switches.first(where: { $0.number == number }) { return self[keyPath: mode.path] ? 1 : 2 }
        if let tracking = MouseTracking(rawValue: number), tracking != .none {
            return mouseTracking == tracking ? 1 : 2
        }
        if let encoding = MouseEncoding(rawValue: number), encoding != .bytes {
            return mouseEncoding == encoding ? 1 : 2
        }
        return 0
    }
}
