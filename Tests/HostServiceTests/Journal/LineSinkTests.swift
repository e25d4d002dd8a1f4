import CgroupPty
import Foundation
import Testing

@testable import HostService

@Suite struct `Lines on standard error` {
    /// Reads so many bytes, which are there or on their way.
    private func text(_ reader: CInt, _ count: Int) throws -> String {
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while text.count < count {
            var ready = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
            try #require(poll(&ready, 1, 20_000) == 1)
            let got = read(reader, &chunk, min(chunk.count, count - text.count))
            try #require(got > 0)
            text += chunk[..<got]
        }
        return String(decoding: text, as: UTF8.self)
    }

    @Test func `are there when the call is over`() throws {
        let pipe = Pipe()
        let reader = pipe.fileHandleForReading.fileDescriptor
        let sink = LineSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        sink.write("one")
        sink.write("two")
        var waiting: CInt = 0
        #expect(ioctl(reader, UInt(FIONREAD), &waiting) == 0)
        #expect(waiting == 8)
        #expect(try text(reader, 8) == "one\ntwo\n")
    }

    /// Each thread that had something to say waited in write(2), for ever, and with them whoever had asked for something.
    @Test func `that nobody reads hold up nobody for more than a second, are kept to some extent, and counted beyond`()
        throws
    {
        let pipe = Pipe()
        let reader = pipe.fileHandleForReading.fileDescriptor
        let sink = LineSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let line = String(repeating: "x", count: 1 << 16)
        let began = ContinuousClock.now
        for _ in 1...20 { sink.write(line) }
        let took = ContinuousClock.now - began
        #expect(took > .milliseconds(900) && took < .milliseconds(2500), "\(took)")
        // Of 1 MiB each of these lines is a byte more than a sixteenth.
        #expect(try text(reader, 15 * (line.utf8.count + 1)) == String(repeating: line + "\n", count: 15))
        sink.write("the end")
        let rest = "warning: Lost 5 lines: nobody read them.\nthe end\n"
        #expect(try text(reader, rest.utf8.count) == rest)
    }
}
