import FoundationEssentials
import Glibc
import HostProtocol

/// What the process prints: results on stdout, everything else on stderr.
enum Console {
    /// Prints lines of a result.
    static func print(_ text: String) {
        write(Array((text + "\n").utf8), to: STDOUT_FILENO)
    }

    /// Prints a document as a line of JSON.
    static func print(json document: some Encodable) throws {
        print(try WireCoding.text(of: document))
    }

    /// Prints a document as JSON for programs or as text for people.
    static func print(_ document: some Encodable, asJSON: Bool, text: () -> String) throws {
        if asJSON {
            try print(json: document)
        } else {
            print(text())
        }
    }

    /// Tells something that is no result.
    static func note(_ text: String) {
        write(Array((text + "\n").utf8), to: STDERR_FILENO)
    }

    /// Writes all of the bytes, whatever mode the descriptor is in.
    ///
    /// When the reader of a pipe has gone, nobody is left to tell: the process ends as `SIGPIPE` would have ended it, which
    /// the network library has switched off. Any other error is passed over; there is no place to report it.
    ///
    /// See: write(2), pipe(7)
    static func write(_ bytes: [UInt8], to descriptor: CInt) { bytes.withUnsafeBytes { write($0, to: descriptor) } }

    /// Writes all of what is lent.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count >= 0 {
                done += count
            } else if errno == EPIPE {
                exit(128 + SIGPIPE)
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
