/// Takes terminal output apart into text and control sequences, byte by byte, wherever the bytes are cut.
///
/// It stands before libvterm, which is fed only what was found whole and sane here: the library's own parser has no bound on
/// parameters in version 0.1.4, cannot be told that bytes are missing, and names only some of the modes. Every byte has an
/// outcome, none is an error, and the memory is bounded:
///
/// * Text is UTF-8. What is not becomes U+FFFD, one for each longest part that could have begun a character. Bytes from 0x80
///   to 0x9f are no controls here, and U+0080 to U+009F, which are, are dropped.
/// * CAN and SUB abandon any sequence, ESC begins another. Controls inside an escape sequence act at once, as on a VT100.
/// * A string (OSC, DCS, SOS, PM, APC) without an end swallows what follows, as it does on the user's terminal. Of an OSC
///   ``commandBytesKept`` are kept, of the others nothing.
///
/// See: xterm's ctlseqs; "A parser for DEC's ANSI-compatible video terminals", vt100.net
struct ControlParser {
    /// 4 KiB for a title or a URL, and the number before it.
    static let commandBytesKept = 4096 + 8

    private enum State {
        case text, escape, sequenceStart, sequence, sequenceIntermediate, sequenceIgnored
        case command, commandEscape, string, stringEscape
    }

    private var state = State.text
    private var decoder = UTF8Decoder()
    private var sequence = ControlSequence()
    private var escapeIntermediate: UInt8 = 0
    private var command: [UInt8] = []
    /// Bytes that were read in all.
    private var offset = 0
    /// How many came before the ESC of what is unfinished.
    private var escapeOffset = 0
    /// Whether a control inside the sequence has acted.
    private var hasActed = false

    /// Whether some of what is unfinished has been told already: a control inside a sequence.
    var isPartlyTold: Bool { state != .text && hasActed }

    /// How many of the last bytes belong to what is unfinished; 0 when nothing is.
    var unfinishedCount: Int { state == .text ? decoder.taken : offset - escapeOffset }

    /// Forgets what is unfinished: the bytes that follow do not continue it.
    mutating func skip() {
        state = .text
        decoder = UTF8Decoder()
        command = []
    }

    /// Reads bytes and tells the receiver what they mean.
    mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, for receiver: some ControlReceiver) {
        let before = offset
        var index = 0
        while index < bytes.count {
            offset = before + index
            switch state {
            case .text: index = readText(bytes, from: index, for: receiver)
            case .command, .commandEscape, .string, .stringEscape:
                if readString(bytes[index], for: receiver) { index += 1 }
            case .escape, .sequenceStart, .sequence, .sequenceIntermediate, .sequenceIgnored:
                if readSequence(bytes[index], for: receiver) { index += 1 }
            }
        }
        offset = before + bytes.count
    }

    // MARK: Text

    /// Reads text up to an ESC or the end.
    /// - Returns: the index of the first byte that was not read.
    private mutating func readText(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, for receiver: some ControlReceiver
    ) -> Int {
        var runStart = start
        var index = start
        // Where the unfinished character began; before `start` when it began in earlier bytes, and then nothing is in the run.
        var characterStart = start - 1
        func flush(upTo end: Int) {
            if end > runStart { receiver.receive(text: UnsafeBufferPointer(rebasing: bytes[runStart..<end])) }
        }
        while index < bytes.count {
            let byte = bytes[index]
            if !decoder.isInside {
                if byte >= 0x20, byte < 0x7f {
                    index += 1
                    continue
                }
                if byte < 0x20 || byte == 0x7f {
                    flush(upTo: index)
                    index += 1
                    runStart = index
                    if byte == 0x1b {
                        beginEscape(at: offset + index - start - 1)
                        return index
                    }
                    if byte != 0, byte != 0x7f { receiver.receive(control: byte) }
                    continue
                }
                characterStart = index
            }
            switch decoder.take(byte) {
            case .unfinished: index += 1
            case .scalar(let scalar):
                index += 1
                let isWhole = characterStart >= start
                if scalar.value < 0xa0 || scalar.isMark {
                    flush(upTo: isWhole ? characterStart : runStart)
                    runStart = index
                    if scalar.value >= 0xa0 { receiver.receive(mark: scalar) }
                } else if !isWhole {
                    Self.tell(scalar, to: receiver)
                    runStart = index
                }
            case .invalid(let isRead):
                flush(upTo: characterStart >= start ? characterStart : runStart)
                Self.tell("\u{fffd}", to: receiver)
                if isRead { index += 1 }
                runStart = index
            }
        }
        flush(upTo: decoder.isInside ? max(characterStart, runStart) : index)
        return index
    }

    private static func tell(_ scalar: Unicode.Scalar, to receiver: some ControlReceiver) {
        var text = Array(String(scalar).utf8)
        text.withUnsafeMutableBufferPointer { receiver.receive(text: UnsafeBufferPointer($0)) }
    }

    // MARK: Sequences

    /// - Parameter offset: of the ESC.
    private mutating func beginEscape(at offset: Int) {
        state = .escape
        escapeOffset = offset
        hasActed = false
        escapeIntermediate = 0
    }

    /// - Returns: whether the byte was read; a byte that is no part of a sequence is text.
    private mutating func readSequence(_ byte: UInt8, for receiver: some ControlReceiver) -> Bool {
        switch byte {
        case 0x18, 0x1a:
            state = .text
            return true
        case 0x1b:
            beginEscape(at: offset)
            return true
        case 0, 0x7f: return true
        case 0x01...0x1f:
            receiver.receive(control: byte)
            hasActed = true
            return true
        case 0x80...:
            state = .text
            return false
        default: break
        }
        if state == .escape {
            readEscape(byte, for: receiver)
            return true
        }
        switch byte {
        case 0x40...:
            if state != .sequenceIgnored {
                sequence.final = byte
                receiver.receive(sequence: sequence)
            }
            state = .text
        case 0x20...0x2f:
            sequence.take(intermediate: byte)
            if state != .sequenceIgnored { state = .sequenceIntermediate }
        case _ where state == .sequenceIntermediate: state = .sequenceIgnored
        case 0x30...0x39: takeParameter { $0.take(digit: byte) }
        case 0x3a, 0x3b: takeParameter { $0.takeSeparator(joins: byte == 0x3a) }
        default:
            if state == .sequenceStart {
                sequence.marker = byte
                state = .sequence
            } else {
                state = .sequenceIgnored
            }
        }
        return true
    }

    private mutating func takeParameter(_ change: (inout ControlSequence) -> Void) {
        if state == .sequenceIgnored { return }
        change(&sequence)
        state = .sequence
    }

    private mutating func readEscape(_ byte: UInt8, for receiver: some ControlReceiver) {
        switch byte {
        case 0x20...0x2f: escapeIntermediate = escapeIntermediate == 0 ? byte : 0xff
        case UInt8(ascii: "[") where escapeIntermediate == 0:
            sequence.clear()
            state = .sequenceStart
        case UInt8(ascii: "]") where escapeIntermediate == 0:
            command.removeAll(keepingCapacity: true)
            state = .command
        case UInt8(ascii: "P") where escapeIntermediate == 0, UInt8(ascii: "X") where escapeIntermediate == 0,
            UInt8(ascii: "^") where escapeIntermediate == 0, UInt8(ascii: "_") where escapeIntermediate == 0:
            state = .string
        default:
            state = .text
            receiver.receive(escape: byte, intermediate: escapeIntermediate)
        }
    }

    // MARK: Strings

    /// - Returns: as ``readSequence(_:for:)``.
    private mutating func readString(_ byte: UInt8, for receiver: some ControlReceiver) -> Bool {
        switch (state, byte) {
        case (_, 0x18), (_, 0x1a): state = .text
        case (.commandEscape, UInt8(ascii: "\\")), (.command, 0x07):
            state = .text
            receiver.receive(command: command)
        case (.stringEscape, UInt8(ascii: "\\")): state = .text
        case (.commandEscape, _), (.stringEscape, _):
            // The string is abandoned; what follows ESC is read as after any other.
            beginEscape(at: offset - 1)
            return readSequence(byte, for: receiver)
        case (.command, 0x1b): state = .commandEscape
        case (.string, 0x1b): state = .stringEscape
        case (.command, 0x20...):
            if command.count < Self.commandBytesKept { command.append(byte) }
        default: break
        }
        return true
    }
}
