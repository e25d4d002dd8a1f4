internal import CSystemd
import Glibc

/// The journal, for structured entries.
///
/// See: sd_journal_send(3), systemd.journal-fields(7)
public enum Journal {
    /// Whether standard error is connected to the journal, as `$JOURNAL_STREAM` says. Asking the socket proves nothing:
    /// `sd_journal_sendv` answers 0 when there is no journald.
    ///
    /// See: systemd.exec(5) `$JOURNAL_STREAM`
    public static func isStandardError(environment: [String: String]) -> Bool {
        var status = stat()
        return fstat(2, &status) == 0 && environment["JOURNAL_STREAM"] == "\(status.st_dev):\(status.st_ino)"
    }

    /// Sends one entry of `NAME=value` fields. A value may hold newlines.
    public static func send(_ fields: [String]) {
        let lines = fields.map { Array($0.utf8) }
        let flat = lines.flatMap { $0 }
        flat.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return }
            var offset = 0
            let vectors = lines.map { line in
                defer { offset += line.count }
                return iovec(iov_base: UnsafeMutableRawPointer(mutating: base + offset), iov_len: line.count)
            }
            _ = corral_journal_send(vectors, CInt(vectors.count))
        }
    }
}
