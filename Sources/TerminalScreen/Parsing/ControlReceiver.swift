/// Who is told what a ``ControlParser`` finds.
protocol ControlReceiver: AnyObject {
    /// Whole characters, each of one or two columns, as valid UTF-8.
    func receive(text: UnsafeBufferPointer<UInt8>)
    /// A character without a width, which joins the one before it.
    func receive(mark: Unicode.Scalar)
    /// A control character other than NUL, ESC and DEL.
    func receive(control: UInt8)
    /// ESC, an optional intermediate byte (0 for none, 0xff for several) and a final byte.
    func receive(escape final: UInt8, intermediate: UInt8)
    /// A whole control sequence.
    func receive(sequence: ControlSequence)
    /// A whole operating system command; its text can be cut off at ``ControlParser/commandBytesKept``.
    func receive(command: [UInt8])
}
