internal import CVterm

/// libvterm's state layer: it turns text and control sequences into events on a ``Canvas`` and keeps the cursor.
///
/// It is given whole characters of one or two columns, and sequences that were parsed and written anew, never bytes as they
/// came.
final class Engine {
    /// Bytes that the shim takes at once.
    private static let bytesAtOnce = 1024

    private var terminal: OpaquePointer
    private let canvas: Canvas
    private var sequence: [UInt8] = []

    init(rows: Int, columns: Int, canvas: Canvas) {
        self.canvas = canvas
        terminal = Self.makeTerminal(rows: rows, columns: columns, canvas: canvas)
    }

    private static func makeTerminal(rows: Int, columns: Int, canvas: Canvas) -> OpaquePointer {
        var events = corral_vterm_events(
            glyph: { context, scalar, width, row, column in
                Engine.withCanvas(context) {
                    $0.put(scalar, width: Int(width), row: Int(row), column: Int(column))
                }
            },
            scroll: { context, top, bottom, left, right, downward, rightward in
                Engine.withCanvas(context) {
                    $0.scroll(
                        rows: Int(top)..<Int(bottom), columns: Int(left)..<Int(right), downward: Int(downward),
                        rightward: Int(rightward))
                }
            },
            erase: { context, top, bottom, left, right in
                Engine.withCanvas(context) {
                    $0.erase(rows: Int(top)..<Int(bottom), columns: Int(left)..<Int(right))
                }
            })
        let context = Unmanaged.passUnretained(canvas).toOpaque()
        guard let terminal = corral_vterm_new(Int32(rows), Int32(columns), &events, context) else {
            preconditionFailure("no memory for a terminal")
        }
        return terminal
    }

    deinit { corral_vterm_free(terminal) }

    @inline(__always)
    private static func withCanvas(_ context: UnsafeMutableRawPointer?, _ body: (Canvas) -> Void) {
        if let context { Unmanaged<Canvas>.fromOpaque(context)._withUnsafeGuaranteedRef(body) }
    }

    /// Where the cursor is.
    var position: (row: Int, column: Int) {
        var row: Int32 = 0
        var column: Int32 = 0
        corral_vterm_cursor(terminal, &row, &column)
        return (Int(row), Int(column))
    }

    /// Writes valid UTF-8 without controls and marks.
    func write(text: UnsafeBufferPointer<UInt8>) {
        var rest = text[...]
        while !rest.isEmpty {
            var end = min(rest.startIndex + Self.bytesAtOnce, rest.endIndex)
            while end < rest.endIndex, text[end] & 0xc0 == 0x80 { end -= 1 }
            let part = UnsafeBufferPointer(rebasing: rest[..<end])
            corral_vterm_write(terminal, part.baseAddress, part.count)
            rest = rest[end...]
        }
    }

    /// Lets a C0 control act.
    func write(control: UInt8) {
        withUnsafePointer(to: control) { corral_vterm_write(terminal, $0, 1) }
    }

    /// Lets an escape sequence of two or three bytes act.
    func write(escape bytes: StaticString) {
        sequence.removeAll(keepingCapacity: true)
        sequence.append(0x1b)
        bytes.withUTF8Buffer { sequence.append(contentsOf: $0) }
        corral_vterm_write(terminal, sequence, sequence.count)
    }

    /// Lets a control sequence act.
    func write(_ final: Unicode.Scalar, _ first: Int? = nil, _ second: Int? = nil, isPrivate: Bool = false) {
        sequence.removeAll(keepingCapacity: true)
        sequence.append(0x1b)
        sequence.append(UInt8(ascii: "["))
        if isPrivate { sequence.append(UInt8(ascii: "?")) }
        if let first { sequence.append(decimal: first) }
        if let second {
            sequence.append(UInt8(ascii: ";"))
            sequence.append(decimal: second)
        }
        sequence.append(UInt8(ascii: final))
        corral_vterm_write(terminal, sequence, sequence.count)
    }

    /// Begins anew as a fresh terminal of another size, without touching the canvas.
    func restart(rows: Int, columns: Int) {
        corral_vterm_free(terminal)
        terminal = Self.makeTerminal(rows: rows, columns: columns, canvas: canvas)
    }

    /// Back to a fresh terminal; the screen is erased.
    func reset() { corral_vterm_reset(terminal) }
}
