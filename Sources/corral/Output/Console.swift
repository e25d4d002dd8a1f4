import FoundationEssentials
import Glibc
import HostProtocol

/// What the process prints: results on stdout, everything else on stderr.
enum Console {
    /// Prints lines of a result. Where they cannot be written the process ends with status 1, since nobody has got them.
    static func print(_ text: String) { Array((text + "\n").utf8).withUnsafeBytes { print(bytes: $0) } }

    /// Prints a result that is no text, as it is.
    static func print(bytes: UnsafeRawBufferPointer) {
        let code = write(bytes, to: STDOUT_FILENO)
        guard code != 0 else { return }
        note("corral: The result cannot be written: \(String(cString: strerror(code))).")
        exit(CommandStatus.other.rawValue)
    }

    /// Keeps the numbers of stdin, stdout and stderr from whatever is opened next, where they were closed: a result would go into a
    /// connection to the host. What stands there cannot be written to, so that a result that nobody gets is an error.
    ///
    /// See: open(2), the lowest number that is free
    static func occupyStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
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
    /// the network library has switched off.
    ///
    /// See: write(2), pipe(7)
    static func write(_ bytes: [UInt8], to descriptor: CInt) { _ = bytes.withUnsafeBytes { write($0, to: descriptor) } }

    /// Writes all of what is lent.
    /// - Returns: the `errno` at which the rest was given up, 0 when there was none. What is told a person has no place to report it.
    @discardableResult
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) -> CInt {
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
                return errno
            }
        }
        return 0
    }
}
